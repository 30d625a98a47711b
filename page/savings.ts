import type { BoardDay } from '../src/board/wire.js';
import { drawn, element } from './element.js';
import { count, money, number } from './words.js';

/** What was not run twice: its sums, a chart, and the same as a table. */

/** One thing that is counted. */
interface Measure {
  readonly name: string;
  of(day: BoardDay): number;
  words(value: number): string;
}

const HOURS: Measure = { name: 'Hours', of: ({ hours }) => hours, words: (value) => `${number(value)} h` };

function measuresOf(days: readonly BoardDay[]): Measure[] {
  const currencies = [...new Set(days.flatMap(({ costs }) => Object.keys(costs)))].sort();
  return [
    HOURS,
    ...currencies.map((currency) => ({
      name: currency,
      of: ({ costs }: BoardDay) => costs[currency] ?? 0,
      words: (value: number) => money(value, currency),
    })),
    { name: 'Reconnects', of: ({ reconnects }) => reconnects, words: number },
  ];
}

/** The view. It is drawn anew when its days change, and keeps the choice of what is charted. */
export function createSavings(): { root: HTMLElement; show(days: readonly BoardDay[] | undefined): void } {
  const root = element('div', { class: 'savings' });
  let chosen = 'Hours';
  let drawnFor = '';
  const show = (days: readonly BoardDay[] | undefined): void => {
    const key = JSON.stringify([chosen, days]);
    if (key === drawnFor) return;
    drawnFor = key;
    root.replaceChildren(...content(days));
  };
  const content = (days: readonly BoardDay[] | undefined): Node[] => {
    if (days === undefined) return [element('p', { class: 'empty' }, 'Loading…')];
    const measures = measuresOf(days);
    const measure = measures.find(({ name }) => name === chosen) ?? HOURS;
    const choices = measures.map(({ name }) => {
      const input = element('input', { type: 'radio', name: 'measure', value: name, checked: name === measure.name });
      input.addEventListener('change', () => {
        chosen = name;
        show(days);
        root.querySelector<HTMLInputElement>('input:checked')?.focus();
      });
      return element('label', {}, input, ` ${name}`);
    });
    return [
      element(
        'p',
        { class: 'note' },
        'Jobs that ran on while their worker died or was deployed, and that the next attempt reconnected to. The hours are those that the job had run by then.',
      ),
      element('ul', { class: 'sums' }, ...measures.map((one) => sum(one, days))),
      element('fieldset', {}, element('legend', {}, `Per day, last ${count(days.length, 'day')}`), ...choices),
      chart(days, measure),
      element('details', {}, element('summary', {}, 'The same as a table'), asTable(days, measures)),
    ];
  };
  return { root, show };
}

function sum({ name, of, words }: Measure, days: readonly BoardDay[]): HTMLElement {
  const total = days.reduce((all, day) => all + of(day), 0);
  return element(
    'li',
    {},
    element('strong', {}, words(total)),
    element('span', {}, name === 'Hours' ? 'not run twice' : name === 'Reconnects' ? 'reconnects' : `saved (${name})`),
  );
}

const WIDTH = 760;
const HEIGHT = 220;
const LEFT = 64;
const RIGHT = 10;
const BOTTOM = 26;
const TOP = 12;

function chart(days: readonly BoardDay[], { name, of, words }: Measure): SVGSVGElement {
  const most = niceAbove(Math.max(...days.map(of), 0));
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, days.length);
  const y = (value: number): number => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const total = days.reduce((all, day) => all + of(day), 0);
  const label = `${name} per day: ${words(total)} in all. The table below has each day.`;
  return drawn(
    'svg',
    { class: 'chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    ...[0, 0.5, 1].flatMap((share) => [
      drawn('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(most * share), y2: y(most * share) }),
      drawn('text', { class: 'tick', x: LEFT - 8, y: y(most * share) + 4, 'text-anchor': 'end' }, words(most * share)),
    ]),
    ...days.flatMap((day, at) => {
      const left = LEFT + at * step;
      const value = of(day);
      const every = Math.ceil(days.length / 8);
      return [
        drawn(
          'g',
          {},
          drawn('title', {}, `${day.day}: ${words(value)}`),
          drawn('rect', { class: 'hit', x: left, y: TOP, width: step, height: HEIGHT - TOP - BOTTOM }),
          drawn('rect', {
            class: 'column',
            x: left + step * 0.15,
            y: y(value),
            width: step * 0.7,
            height: Math.max(0, y(0) - y(value)),
            rx: 2,
          }),
        ),
        ...((days.length - 1 - at) % every === 0
          ? [drawn('text', { class: 'tick', x: left + step / 2, y: HEIGHT - 8, 'text-anchor': 'middle' }, day.day.slice(5))]
          : []),
      ];
    }),
  );
}

/** The next round number. */
function niceAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function asTable(days: readonly BoardDay[], measures: readonly Measure[]): HTMLElement {
  const heads = ['Day', ...measures.map(({ name }) => name)].map((name) => element('th', { scope: 'col' }, name));
  const lines = days
    .toReversed()
    .map((day) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, day.day),
        ...measures.map(({ of, words, name }) => element('td', { 'data-title': name }, words(of(day)))),
      ),
    );
  return element(
    'table',
    { class: 'narrow' },
    element('caption', { class: 'unseen' }, 'What was not run twice, per day'),
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...lines),
  );
}
