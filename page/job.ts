import type { BoardDetail, BoardPreview, BoardRow, BoardValue } from '../src/board/wire.js';
import { button, element, keepingFocus, type Child } from './element.js';
import { ask, sentence } from './live.js';
import type { Picture } from './picture.js';
import { answersFor, badge, externalJob, progressBar } from './tables.js';
import { attemptsOf, eventInWords, timeline } from './timeline.js';
import { age, bytesInWords, count, moment, money, now, timeInWords } from './words.js';

/** The page of one record. It asks again when its row has changed, and not more often than it is answered. */

export interface JobView {
  readonly root: HTMLElement;
  /** The row as it is now; `undefined` once it is not open any more. */
  show(row: BoardRow | undefined): void;
}

export function createJobView(picture: Picture, first: BoardRow): JobView {
  const facts = element('div');
  const history = element('div');
  const values = element('div');
  const root = element('div', { class: 'job' }, facts, history, values);
  const opened = new Map<string, HTMLElement>();
  let shown: BoardRow | undefined;
  let loading = false;
  let again = false;

  const load = async (row: BoardRow): Promise<void> => {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      const { scope, key } = row;
      draw(await ask<BoardDetail>('job', { scope, key }));
    } catch (error) {
      const text = error instanceof Error ? sentence(error.message) : 'It cannot be read.';
      if (!history.hasChildNodes()) facts.replaceChildren(element('p', { class: 'failed' }, text));
    } finally {
      loading = false;
      if (again && root.isConnected) {
        again = false;
        void load(shown ?? row);
      }
    }
  };

  const draw = (detail: BoardDetail): void => {
    keepingFocus(root, () => {
      facts.replaceChildren(...factsOf(picture, detail));
      history.replaceChildren(...historyOf(detail));
      values.replaceChildren(...valuesOf(picture, detail, first, opened));
    });
  };

  return {
    root,
    show(row) {
      if (row === shown && (row !== undefined || again)) return;
      const before = shown;
      shown = row;
      if (row !== before) void load(row ?? first);
    },
  };
}

function factsOf(picture: Picture, { row, job, idempotencyKey, previous, poll, costPerHour }: BoardDetail): Node[] {
  if (!row)
    return [element('p', { class: 'empty' }, 'This job is not open any more: it has succeeded, or its state was removed.')];
  const list: (readonly [string, readonly Child[]])[] = [
    ['State', [badge(row), ...(row.reason === undefined ? [] : [' ', element('span', { class: 'reason' }, row.reason)])]],
    ['Since', [moment(row.since), ' (', age(row.since), ')']],
    ['External job', externalJob(row)],
    ...(row.progress ? [['Progress', progressBar(row.progress)] as const] : []),
    ['Held by', [row.holder ?? 'nobody']],
    ...(poll ? [['Last poll', pollInWords(poll)] as const] : []),
    ['Submission', [`${row.submission}, with the key `, element('code', { class: 'key' }, idempotencyKey ?? '')]],
    ...previous.map(
      ({ submission, externalId }) =>
        [`Submission ${submission}`, [externalId === undefined ? 'never resolved' : element('code', {}, externalId)]] as const,
    ),
    ...(job === undefined ? [] : [['Opened by', [element('code', {}, job)]] as const]),
    ...(costPerHour ? [['Price', [`${money(costPerHour.amount, costPerHour.currency)} an hour`]] as const] : []),
    ['Record', [element('code', {}, row.key)]],
  ];
  const answers = answersFor(picture, row);
  return [
    element('dl', {}, ...list.flatMap(([name, children]) => [element('dt', {}, name), element('dd', {}, ...children)])),
    ...(answers.length > 0 ? [element('p', { class: 'answers' }, ...answers)] : []),
  ];
}

function pollInWords({ at, state, detail, progress, count: polled, next }: NonNullable<BoardDetail['poll']>): Child[] {
  return [
    `${state}${detail === undefined ? '' : `: ${detail}`}, `,
    age(at),
    ` ago, ${count(polled, 'poll')} so far`,
    next !== undefined && next > now() ? `, the next in ${timeInWords(next - now())}` : undefined,
    progress !== undefined && element('code', { class: 'progress' }, progress),
  ];
}

function historyOf(detail: BoardDetail): Node[] {
  const { history } = detail;
  const drawing = timeline(detail);
  if (!drawing) return [];
  const killed = new Map(
    attemptsOf(history).flatMap(({ events, killedBefore }) => {
      const last = events.at(-1);
      return killedBefore === undefined || !last ? [] : [[last, killedBefore] as const];
    }),
  );
  const lines = history.flatMap((event) => {
    const killedBefore = killed.get(event);
    const { attempt } = event;
    return [
      element(
        'li',
        {},
        element('time', { datetime: new Date(event.at).toISOString() }, moment(event.at)),
        ' ',
        eventInWords(event),
      ),
      ...(killedBefore === undefined
        ? []
        : [
            element(
              'li',
              { class: 'killed' },
              `killed before ${moment(killedBefore)} (${attempt === undefined ? 'this attempt' : `attempt ${attempt}`}): the next attempt found no end of it`,
            ),
          ]),
    ];
  });
  return [
    element('h2', {}, 'What happened'),
    element('div', { class: 'scrolls', tabindex: 0, role: 'group', 'aria-label': 'Timeline' }, drawing),
    element('ol', { class: 'events' }, ...lines),
  ];
}

function valuesOf(
  picture: Picture,
  { values, moreValues }: BoardDetail,
  row: BoardRow,
  opened: Map<string, HTMLElement>,
): Node[] {
  const head = element('h2', {}, 'Values of its scope');
  if (values.length === 0) return [head, element('p', { class: 'empty' }, 'None.')];
  const heads = ['Key', 'Size', 'Where', 'Written', 'Kept for', 'Value'].map((name) => element('th', { scope: 'col' }, name));
  const lines = values.map((value) => valueLine(picture, value, row, opened));
  return [
    head,
    element(
      'table',
      {},
      element('caption', { class: 'unseen' }, 'Values of the scope'),
      element('thead', {}, element('tr', {}, ...heads)),
      element('tbody', {}, ...lines),
    ),
    ...(moreValues ? [element('p', {}, `There are more than these ${values.length}.`)] : []),
  ];
}

function valueLine(picture: Picture, value: BoardValue, row: BoardRow, opened: Map<string, HTMLElement>): HTMLElement {
  const { key, size, offloaded, updatedAt, expiresAt } = value;
  const kept = opened.get(key);
  const cell = element('td', { 'data-title': 'Value' });
  if (kept) cell.append(kept);
  else if (picture.may.showValues) {
    const show = button(
      'Show',
      () => {
        const place = element('div', { class: 'value', tabindex: -1 }, 'Reading…');
        opened.set(key, place);
        cell.replaceChildren(place);
        place.focus();
        void ask<BoardPreview>('value', { scope: row.scope, key }).then(
          (preview) => place.replaceChildren(...previewOf(preview)),
          (error: unknown) => place.replaceChildren(sentence(error instanceof Error ? error.message : 'It cannot be read.')),
        );
      },
      { 'data-key': 'show', 'aria-label': `Show the value of ${key}` },
    );
    cell.append(show);
  } else cell.append(element('span', { class: 'none' }, 'not shown here'));
  return element(
    'tr',
    { 'data-row': key },
    element('th', { scope: 'row', 'data-title': 'Key' }, element('code', {}, key)),
    element('td', { 'data-title': 'Size' }, bytesInWords(size)),
    element('td', { 'data-title': 'Where' }, offloaded ? 'object store' : 'Redis'),
    element('td', { 'data-title': 'Written' }, age(updatedAt), ' ago'),
    element('td', { 'data-title': 'Kept for' }, expiresAt === undefined ? 'ever' : timeInWords(expiresAt - now())),
    cell,
  );
}

function previewOf({ text, binary, cut }: BoardPreview): Node[] {
  const note = [binary ? 'not text, shown in hexadecimal' : '', cut ? 'only the beginning is shown' : '']
    .filter(Boolean)
    .join('; ');
  return [element('pre', { tabindex: 0 }, text), ...(note === '' ? [] : [element('p', { class: 'small' }, sentence(note))])];
}
