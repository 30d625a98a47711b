import { METRICS, type MetricName } from '../harness/figures.ts';
import { best, withUnit } from '../harness/report.ts';
import type { Measured, MeasuredSide, Result } from '../harness/rounds.ts';

/** Results as tables of Markdown. */

/** What a reader of a page sees in place of "this build". */
const OWN = 'Mooring';

/** A table: a comparison of several sides has a line of its own above them. Ratios are to the best plain side. */
export function table(results: readonly Result[]): string {
  const metrics = (Object.keys(METRICS) as MetricName[]).filter((metric) => results.some((result) => has(result, metric)));
  const rows = results.flatMap(({ name, sides }) => {
    const plain = best(sides.filter(({ role }) => role === 'plain'));
    const lines = sides.map((side) => [
      labelOf(side),
      ...metrics.map((metric) =>
        cell(
          side.figures.find((figure) => figure.metric === metric),
          plain,
        ),
      ),
    ]);
    const [only] = lines;
    return lines.length === 1 && only ? [[name, ...only.slice(1)]] : [[`**${name}**`, ...metrics.map(() => '')], ...lines];
  });
  return markdown(['', ...metrics.map((metric) => METRICS[metric].title)], rows);
}

/** One line for each comparison, with the first figure of this build. */
export function ownFigures(results: readonly Result[], head: readonly string[]): string {
  const rows = results.map(({ name, sides }) => {
    const figure = sides.find(({ role }) => role === 'this')?.figures[0];
    return [name, figure ? withUnit(figure.metric, figure.median) : ''];
  });
  return markdown(head, rows);
}

/** Codecs by size: MB/s of plain bytes, both ways. */
export function codecTable(results: readonly Result[]): string {
  const speeds = new Map<string, Map<string, string[]>>();
  const sizes: string[] = [];
  const left = new Map<string, string>();
  for (const { name, sides } of results) {
    const [, codec, , size] = /^(\w+), (encode|decode) (\S+ \S+)/.exec(name) ?? [];
    if (codec === undefined || size === undefined) continue;
    if (!sizes.includes(size)) sizes.push(size);
    const [, share] = /\((\S+) is left\)/.exec(name) ?? [];
    if (share !== undefined) left.set(codec, share);
    for (const side of sides.filter(({ role }) => role !== 'against')) {
      const label = side.role === 'this' ? codec : side.role === 'peer' ? `${codec}, ${side.label}` : `${side.label}, alone`;
      const row = speeds.get(label) ?? new Map<string, string[]>();
      const speed = side.figures.find(({ metric }) => metric === 'speed')?.median ?? Number.NaN;
      row.set(size, [...(row.get(size) ?? []), speed.toFixed(0)]);
      speeds.set(label, row);
    }
  }
  const rows = [...speeds].map(([label, row]) => [
    label,
    left.get(label) ?? '',
    ...sizes.map((size) => row.get(size)?.join(' / ') ?? ''),
  ]);
  return markdown(['', `left of ${sizes.at(-1)}`, ...sizes], rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`.replaceAll(/ {2,}/g, ' ')).join('\n');
}

function has({ sides }: Result, metric: MetricName): boolean {
  return sides.some(({ figures }) => figures.some((figure) => figure.metric === metric));
}

function labelOf({ label, role }: MeasuredSide): string {
  return role === 'this' && label === 'this build' ? OWN : label;
}

function cell(figure: Measured | undefined, plain: MeasuredSide | undefined): string {
  if (!figure) return '';
  const ratio = plain && figure.ratios[plain.label];
  return `${withUnit(figure.metric, figure.median)}${ratio === undefined ? '' : ` (${ratio.toFixed(2)}x)`}`;
}
