import { button, element, keepingFocus, type Child } from './element.js';
import { count, number } from './words.js';

/** A table that is filtered, sorted and paged, and that keeps its rows, the focus and the place while it changes. */

export interface Column<Row> {
  readonly title: string;
  /** Whether the cell names the row. */
  readonly names?: true;
  cell(row: Row): readonly Child[];
  /** What it is sorted by; without it, it is not. */
  sort?(row: Row): string | number;
}

export interface TableOptions<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Which column it is sorted by at first, and whether downwards. */
  readonly sorted: { column: number; down: boolean };
  /** What the filter looks at. */
  text(row: Row): string;
  /** What is said when there is nothing. */
  readonly empty: string;
}

export interface Table<Row> {
  readonly root: HTMLElement;
  show(rows: readonly Row[]): void;
}

const PAGE_SIZE = 50;

export function createTable<Row extends { id: string }>(options: TableOptions<Row>): Table<Row> {
  const { columns } = options;
  let sorted = options.sorted;
  let rows: readonly Row[] = [];
  let page = 0;
  const texts = new WeakMap<Row, string>();
  const kept = new Map<string, { row: Row; line: HTMLTableRowElement }>();

  const filter = element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', 'data-key': 'filter' });
  const shown = element('p', { class: 'shown' });
  const heads = columns.map(({ title, sort }, column) => {
    if (!sort) return element('th', { scope: 'col' }, title);
    return element(
      'th',
      { scope: 'col' },
      button(title, () => sortBy(column), { class: 'sort' }),
    );
  });
  const body = element('tbody');
  const empty = element('p', { class: 'empty' });
  const table = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, options.caption),
    element('thead', {}, element('tr', {}, ...heads)),
    body,
  );
  const earlier = button('Earlier', () => turn(-1));
  const later = button('Later', () => turn(1));
  const place = element('span');
  const pages = element('nav', { class: 'pages', 'aria-label': 'Pages of the table' }, earlier, place, later);
  const tools = element('div', { class: 'tools' }, element('label', {}, 'Filter ', filter), shown);
  const root = element('div', { class: 'tableview' }, tools, table, empty, pages);

  filter.addEventListener('input', () => {
    page = 0;
    draw();
  });
  const sortBy = (column: number): void => {
    sorted = { column, down: sorted.column === column ? !sorted.down : false };
    page = 0;
    draw();
  };
  const turn = (by: number): void => {
    page += by;
    draw();
    if (earlier.disabled) later.focus();
    if (later.disabled) earlier.focus();
  };

  const wanted = (): Row[] => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [...rows] : rows.filter((row) => words.every((word) => textOf(row).includes(word)));
    const by = columns[sorted.column]?.sort;
    if (!by) return found;
    const keys = new Map(found.map((row) => [row, by(row)]));
    const sign = sorted.down ? -1 : 1;
    return found.sort((one, other) => sign * compare(keys.get(one) ?? '', keys.get(other) ?? '') || compare(one.id, other.id));
  };
  const textOf = (row: Row): string => {
    const known = texts.get(row) ?? options.text(row).toLowerCase();
    texts.set(row, known);
    return known;
  };
  const lineOf = (row: Row): HTMLTableRowElement => {
    const known = kept.get(row.id);
    if (known?.row === row) return known.line;
    const cells = columns.map(({ title, names, cell }) => {
      const content = cell(row);
      if (names) return element('th', { scope: 'row', 'data-title': title }, ...content);
      return element('td', { 'data-title': title }, ...content);
    });
    const line = known?.line ?? element('tr', { 'data-row': row.id });
    line.replaceChildren(...cells);
    kept.set(row.id, { row, line });
    return line;
  };

  function draw(): void {
    const all = wanted();
    const last = Math.max(0, Math.ceil(all.length / PAGE_SIZE) - 1);
    page = Math.max(0, Math.min(page, last));
    const visible = all.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    keepingFocus(root, () => {
      const lines = visible.map(lineOf);
      const stay = new Set<Element>(lines);
      for (const line of body.querySelectorAll('tr')) if (!stay.has(line)) line.remove();
      for (const [at, line] of lines.entries())
        if (body.children[at] !== line) body.insertBefore(line, body.children[at] ?? null);
    });
    const ids = new Set(visible.map(({ id }) => id));
    for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    for (const [column, head] of heads.entries()) {
      if (column === sorted.column) head.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    const filtered = all.length !== rows.length;
    setText(shown, filtered ? `${number(all.length)} of ${count(rows.length, 'job')}` : count(rows.length, 'job'));
    setText(place, `Page ${number(page + 1)} of ${number(last + 1)}`);
    setText(empty, filtered ? 'Nothing matches the filter.' : options.empty);
    empty.hidden = all.length > 0;
    table.hidden = all.length === 0;
    tools.hidden = rows.length === 0;
    pages.hidden = last === 0;
    earlier.disabled = page === 0;
    later.disabled = page === last;
  }

  return {
    root,
    show(given) {
      rows = given;
      draw();
    },
  };
}

/** What a screen reader has read is not written again. */
function setText(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return one < other ? -1 : one > other ? 1 : 0;
}
