import type { Result } from '../harness/rounds.ts';

/** The bench `growth` as a picture: CPU of one operation, in both processes, by how much there is already. */

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT] = [760, 360, 60, 20, 50, 270];
const COLOURS = ['#1b6ca8', '#b3541e', '#2e7d32', '#7b3fa0', '#8a6d00'];

/** An SVG with both scales logarithmic. It is readable on a light and on a dark page. */
export function chart(results: readonly Result[]): string {
  const lines = results.map(({ name, sides }) => ({
    name,
    points: sides.map(({ label, figures }) => ({ count: Number(label.replaceAll(',', '')), cost: costOf(figures) })),
  }));
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(({ count }) => count)))].toSorted((a, b) => a - b);
  const costs = lines.flatMap(({ points }) => points.map(({ cost }) => cost));
  const [low, high] = [Math.floor(Math.log10(Math.min(...costs))), Math.ceil(Math.log10(Math.max(...costs)))];
  const last = Math.max(1, Math.log10(counts.at(-1) ?? 1));
  const x = (count: number): number => LEFT + (Math.log10(count) / last) * (WIDTH - LEFT - RIGHT);
  const y = (cost: number): number => TOP + ((high - Math.log10(cost)) / Math.max(1, high - low)) * (HEIGHT - TOP - BOTTOM);
  const powers = Array.from({ length: high - low + 1 }, (_none, step) => 10 ** (low + step));
  const text = (at: readonly [number, number], anchor: string, content: string, colour = '#777'): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
  const ends = apart(lines.map(({ points }) => y(points.at(-1)?.cost ?? 1)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>CPU of one operation by how much there is already</title>',
    ...powers.flatMap((cost) => [
      `<path d="M${LEFT} ${y(cost).toFixed(1)}H${WIDTH - RIGHT}" stroke="#999" stroke-opacity="0.3"/>`,
      text([LEFT - 8, y(cost) + 4], 'end', `${cost.toLocaleString('en')} us`),
    ]),
    ...counts.map((count) => text([x(count), HEIGHT - BOTTOM + 20], 'middle', count.toLocaleString('en'))),
    text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10], 'middle', 'how much there is already'),
    ...lines.flatMap(({ name, points }, at) => {
      const colour = COLOURS[at % COLOURS.length] ?? '#777';
      const path = points
        .map(({ count, cost }, n) => `${n === 0 ? 'M' : 'L'}${x(count).toFixed(1)} ${y(cost).toFixed(1)}`)
        .join('');
      return [
        `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        text([WIDTH - RIGHT + 8, (ends[at] ?? 0) + 4], 'start', name, colour),
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

function costOf(figures: Result['sides'][number]['figures']): number {
  const of = (metric: string): number => figures.find((figure) => figure.metric === metric)?.median ?? 0;
  return of('client') + of('server');
}

/** Places of the names, in the order of the lines: none closer to the next than a line of text. */
function apart(places: readonly number[]): number[] {
  const moved = [...places];
  const order = places.map((_place, at) => at).toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  for (const [n, at] of order.entries()) {
    const before = moved[order[n - 1] ?? -1];
    if (before !== undefined) moved[at] = Math.max(moved[at] ?? 0, before + 15);
  }
  return moved;
}
