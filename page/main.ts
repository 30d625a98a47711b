import type { BoardOrphan, BoardRow } from '../src/board/wire.js';
import { byId, element } from './element.js';
import { createJobView, type JobView } from './job.js';
import { listen, sentence, takeToken } from './live.js';
import { emptyPicture, rowsOf } from './picture.js';
import { sayLater } from './saying.js';
import { createSavings } from './savings.js';
import type { Table } from './table.js';
import { failuresTable, nowTable, orphansTable, waitsTable } from './tables.js';
import { count, number, setTime, tick, timeInWords, now } from './words.js';

/** The page: which view is shown, and what is told of the way to the store. */

const VIEWS = {
  now: 'Now',
  waits: 'Waits for a person',
  orphans: 'Orphans',
  failures: 'Failures',
  saved: 'Saved',
} as const;
type View = keyof typeof VIEWS;

const DRAW_APART = 250;

takeToken();
const picture = emptyPicture();
let trouble: string | undefined;
/** The next picture, as long as it is not complete. */
let fresh: typeof picture.rows | undefined;
/** What shows the current view. */
let shown: { view: View | undefined; update(): void } = { view: undefined, update: () => undefined };

const links = Object.entries(VIEWS).map(([view, title]) => {
  const many = element('span', { class: 'count' });
  const link = element('a', { href: `#${view}` }, title, many);
  byId('views').append(element('li', {}, link));
  return { view: view as View, link, many };
});

function open(): void {
  const [, name = 'now', id] = /^#(\w+)(?:\/(.*))?$/.exec(location.hash) ?? [];
  if (name === 'job' && id !== undefined) openJob(decodeURIComponent(id));
  else openView(Object.hasOwn(VIEWS, name) ? (name as View) : 'now');
  for (const { view, link } of links) {
    if (view === shown.view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function openView(view: View): void {
  const { root, update } = contentOf(view);
  byId('content').replaceChildren(
    element('h1', {}, VIEWS[view]),
    ...(NOTES[view] ? [element('p', { class: 'note' }, NOTES[view])] : []),
    root,
  );
  shown = { view, update };
  update();
}

const NOTES: Partial<Record<View, string>> = {
  waits: 'Nobody knows whether these jobs were submitted. Look in the external system for the key, then say what is true.',
  orphans:
    'These jobs run in the external system, but a newer attempt had taken over when their IDs came. Mooring never cancels them by itself.',
  failures: 'The external system says that these jobs failed. Reopen one to have it submitted again by the next attempt.',
};

function contentOf(view: View): { root: HTMLElement; update(): void } {
  if (view === 'saved') {
    const savings = createSavings();
    return { root: savings.root, update: () => savings.show(picture.savings) };
  }
  if (view === 'orphans') {
    const table: Table<BoardOrphan> = orphansTable(picture);
    return { root: table.root, update: () => table.show(picture.orphans) };
  }
  const table: Table<BoardRow> = { now: nowTable, waits: waitsTable, failures: failuresTable }[view](picture);
  return { root: table.root, update: () => table.show(rowsOf(picture, view)) };
}

function openJob(id: string): void {
  const back = element('a', { href: '#now', class: 'back' }, '← All jobs');
  const title = element('h1', { tabindex: -1 }, 'Job');
  const place = element('p', { class: 'place' });
  const content = byId('content');
  content.replaceChildren(back, title, place, element('p', { class: 'empty' }, 'Loading…'));
  let view: JobView | undefined;
  const update = (): void => {
    const row = picture.rows.get(id);
    if (row && !view) {
      view = createJobView(picture, row);
      title.textContent = row.title;
      place.textContent = row.place;
      content.lastChild?.replaceWith(view.root);
    } else if (!view && picture.looked !== undefined) {
      content.lastChild?.replaceWith(
        element('p', { class: 'empty' }, 'This job is not open any more: it has succeeded, or its state was removed.'),
      );
    }
    view?.show(row);
  };
  shown = { view: undefined, update };
  update();
  title.focus();
}

/** Draws soon, and not more often than somebody can look. */
let drawing: ReturnType<typeof setTimeout> | undefined;
function changed(apart = DRAW_APART): void {
  drawing ??= setTimeout(() => {
    drawing = undefined;
    draw();
  }, apart);
}

let told = '';
function draw(): void {
  shown.update();
  const waits = rowsOf(picture, 'waits').length;
  const failures = rowsOf(picture, 'failures').length;
  const many: Partial<Record<View, number>> = {
    now: picture.rows.size - waits - failures,
    waits,
    orphans: picture.orphans.length,
    failures,
  };
  for (const { view, many: label } of links) {
    const value = many[view];
    const text = value === undefined || picture.looked === undefined ? '' : number(value);
    if (label.textContent !== text) label.textContent = text;
    label.classList.toggle('urgent', view === 'waits' && waits > 0);
  }
  document.title = waits > 0 ? `(${waits}) Mooring` : 'Mooring';
  if (picture.looked === undefined) return;
  const text = [
    count(waits, 'job waits', 'jobs wait').concat(' for a person'),
    count(picture.orphans.length, 'orphan'),
    count(failures, 'failure'),
  ].join(', ');
  if (told !== '' && text !== told) sayLater(`${text}.`);
  told = text;
}

function health(): void {
  tick();
  const { looked, more } = picture;
  const place = byId('health');
  const ago = looked === undefined ? undefined : timeInWords(now() - looked);
  const left = more > 0 ? `, ${number(more)} more not shown` : '';
  const text = trouble !== undefined ? 'not live' : looked === undefined ? 'connecting' : `live${left}`;
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle('bad', trouble !== undefined);
  const line = byId('trouble-age');
  const since = ago === undefined ? '' : ` This picture is ${ago} old.`;
  if (line && line.textContent !== since) line.textContent = since;
}

function setTrouble(text: string | undefined): void {
  if (text !== trouble) {
    trouble = text;
    const place = byId('trouble');
    place.firstChild?.replaceWith(text ?? '');
    place.hidden = text === undefined;
  }
  health();
}

byId('trouble').append('', element('span', { id: 'trouble-age', 'aria-live': 'off' }));
addEventListener('hashchange', () => {
  takeToken();
  open();
});
document.querySelector<HTMLElement>('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  byId('content').focus();
});
setInterval(health, 1_000);
open();

await listen(
  {
    hello(may) {
      const before = JSON.stringify(picture.may);
      picture.may = may;
      if (JSON.stringify(may) !== before) open();
    },
    rows({ all, put, drop }) {
      const first = picture.rows.size === 0;
      // What was seen last stays until the next picture is complete.
      if (all) fresh = picture.looked === undefined ? undefined : new Map();
      if (all && !fresh) picture.rows.clear();
      const rows = fresh ?? picture.rows;
      for (const row of put) rows.set(row.id, row);
      for (const id of drop) rows.delete(id);
      changed(first ? 0 : DRAW_APART);
    },
    orphans({ all }) {
      picture.orphans = all;
      changed();
    },
    savings({ days }) {
      picture.savings = days;
      changed();
    },
    looked({ at, now: time, more }) {
      if (fresh) picture.rows = fresh;
      fresh = undefined;
      picture.looked = at;
      picture.more = more;
      setTime(time);
      setTrouble(undefined);
      changed();
    },
    trouble({ message }) {
      setTrouble(`The store cannot be read: ${sentence(message)}`);
    },
  },
  (reason) => setTrouble(reason),
);
