import type { BoardOrphan, BoardProgress, BoardRow } from '../src/board/wire.js';
import { askToAdopt, askToDeny, askToForget, askToReopen } from './answers.js';
import { button, element, outside, type Child } from './element.js';
import { isOverdue, type Picture } from './picture.js';
import { createTable, type Column, type Table } from './table.js';
import { age, now, timeInWords } from './words.js';

/** The tables of the views, and how one record looks. */

/** The address of the page of one record. It stays in the browser. */
function jobAddress({ id }: BoardRow): string {
  return `#job/${encodeURIComponent(id)}`;
}

/** The state in a word, with a mark that does not need its colour. */
export function badge(row: BoardRow): HTMLElement {
  const [word, kind] = stateOf(row);
  return element('span', { class: `badge ${kind}` }, word);
}

function stateOf(row: BoardRow): readonly [word: string, kind: string] {
  if (isOverdue(row)) return ['overdue', 'waits'];
  if (row.state === 'submitted') return ['running', 'runs'];
  if (row.state === 'ambiguous') return ['ambiguous', 'waits'];
  return row.state === 'failed' ? ['failed', 'failed'] : ['submitting', 'starts'];
}

/** How far a job is. */
export function progressBar({ share, text }: BoardProgress): Child[] {
  if (share === undefined) return [text];
  return [element('progress', { max: 1, value: share, 'aria-label': 'Progress' }), element('span', { class: 'small' }, text)];
}

/** The ID of the external job, as a link if there is one. */
export function externalJob({ externalId, url }: { externalId?: string; url?: string }): Child[] {
  if (externalId === undefined) return ['none yet'];
  return [url === undefined ? element('code', {}, externalId) : outside(url, externalId)];
}

/** Who works on it: the attempt, and where it runs. */
function holderInWords(holder: string | undefined): Child {
  if (holder === undefined) return element('span', { class: 'none' }, 'nobody');
  const [attempt = '', ...where] = holder.replace(/, since .*$/, '').split(', ');
  return element('span', {}, attempt, element('span', { class: 'place' }, where.join(', ')));
}

const job: Column<BoardRow> = {
  title: 'Job',
  names: true,
  cell: (row) => [
    element('a', { href: jobAddress(row), 'data-key': 'open' }, row.title),
    element('span', { class: 'place' }, row.place),
  ],
  sort: ({ title, place }) => `${title} ${place}`,
};

const readOnly = (): Child => element('span', { class: 'none' }, 'read-only');

const since = (title: string): Column<{ since: number }> => ({
  title,
  cell: (row) => [age(row.since)],
  sort: (row) => -row.since,
});

const external: Column<BoardRow> = { title: 'External job', cell: externalJob, sort: ({ externalId = '' }) => externalId };

const text = ({ title, place, externalId = '', holder = '', reason = '', state, status }: BoardRow): string =>
  [title, place, externalId, holder, reason, state === 'submitted' ? 'running' : state, status?.detail ?? ''].join('\n');

/** What runs. */
export function nowTable(): Table<BoardRow> {
  return createTable({
    caption: 'What runs now',
    empty: 'Nothing runs.',
    sorted: { column: 2, down: true },
    text,
    columns: [
      job,
      {
        title: 'State',
        cell: (row) => [badge(row), row.status?.detail !== undefined && element('span', { class: 'place' }, row.status.detail)],
        sort: ({ state }) => state,
      },
      since('Age'),
      {
        title: 'Progress',
        cell: ({ progress }) => (progress ? progressBar(progress) : [element('span', { class: 'none' }, 'unknown')]),
        sort: ({ progress }) => progress?.share ?? -1,
      },
      external,
      { title: 'Held by', cell: ({ holder }) => [holderInWords(holder)], sort: ({ holder = '' }) => holder },
    ],
  });
}

/** What waits for a person. */
export function waitsTable(picture: Picture): Table<BoardRow> {
  return createTable({
    caption: 'What waits for a person',
    empty: 'Nothing waits for a person.',
    sorted: { column: 2, down: true },
    text: (row) => `${text(row)}\n${row.idempotencyKey ?? ''}`,
    columns: [
      job,
      { title: 'State', cell: (row) => [badge(row), element('span', { class: 'place' }, whyItWaits(row))], sort: stateWord },
      since('Age'),
      {
        title: 'Look for this key',
        cell: ({ idempotencyKey = '' }) => [element('code', { class: 'key' }, idempotencyKey)],
      },
      { title: 'Answer', cell: (row) => answersFor(picture, row) },
    ],
  });
}

const stateWord = (row: BoardRow): string => stateOf(row)[0];

function whyItWaits(row: BoardRow): string {
  if (row.state === 'ambiguous') return 'nobody knows whether it was submitted';
  return `no answer to the submit for ${timeInWords(now() - (row.deadline ?? now()))} after its deadline`;
}

/** The buttons for one record, or why there are none. */
export function answersFor({ may }: Picture, row: BoardRow): Child[] {
  const buttons = [
    ...(row.state === 'ambiguous' || isOverdue(row)
      ? [
          button('Adopt…', () => askToAdopt(row), {
            'data-key': 'adopt',
            'aria-label': `Adopt the job of ${row.title}, ${row.place}`,
          }),
          button('It never arrived…', () => askToDeny(row), {
            'data-key': 'deny',
            'aria-label': `It never arrived: ${row.title}, ${row.place}`,
          }),
        ]
      : []),
    ...(row.state === 'failed'
      ? [button('Reopen…', () => askToReopen(row), { 'data-key': 'reopen', 'aria-label': `Reopen ${row.title}, ${row.place}` })]
      : []),
  ];
  if (buttons.length === 0) return [];
  return may.allowChanges ? [element('span', { class: 'buttons' }, ...buttons)] : [readOnly()];
}

/** What failed. */
export function failuresTable(picture: Picture): Table<BoardRow> {
  return createTable({
    caption: 'External jobs that failed',
    empty: 'No recorded job has failed.',
    sorted: { column: 2, down: false },
    text,
    columns: [
      job,
      {
        title: 'Reason',
        cell: ({ reason = '' }) => [element('span', { class: 'reason' }, reason)],
        sort: ({ reason = '' }) => reason,
      },
      since('Since'),
      external,
      { title: 'Answer', cell: (row) => answersFor(picture, row) },
    ],
  });
}

/** What runs without a record. */
export function orphansTable({ may }: Picture): Table<BoardOrphan> {
  return createTable<BoardOrphan>({
    caption: 'External jobs that no record holds',
    empty: 'There are no orphans.',
    sorted: { column: 2, down: true },
    text: ({ place, externalId, key }) => `${place}\n${externalId}\n${key}`,
    columns: [
      {
        title: 'External job',
        names: true,
        cell: ({ externalId }) => [element('code', {}, externalId)],
        sort: (row) => row.externalId,
      },
      { title: 'Submitted by', cell: ({ place }) => [place], sort: ({ place }) => place },
      since('Listed'),
      {
        title: 'Answer',
        cell: (orphan) => {
          if (!may.allowChanges) return [readOnly()];
          const about = { 'data-key': 'forget', 'aria-label': `Forget ${orphan.externalId}` };
          return [button('Forget…', () => askToForget(orphan), about)];
        },
      },
    ],
  });
}
