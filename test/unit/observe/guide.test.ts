import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { METRICS } from '../../../src/observe/metrics.ts';

/** docs/monitoring.md, held against the code and the alerts. */

const root = join(import.meta.dirname, '../../..');
const page = await readFile(join(root, 'docs/monitoring.md'), 'utf8');

/** The rows of the table below a mark, without its head. */
function rowsBelow(text: string, mark: string): string[][] {
  const [, after = ''] = text.split(`<!-- ${mark} -->\n`);
  const lines = after.slice(0, after.indexOf('\n\n')).split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The table of metrics as the code has it. */
function metricRows(): string[][] {
  return Object.entries(METRICS).map(([name, { kind, unit, attributes, description }]) => {
    const quoted = attributes.map((attribute) => `\`${attribute}\``).join(', ');
    return [`\`${name}\``, kind, `\`${unit}\``, quoted, description];
  });
}

test('the table of metrics is that of the code', () => {
  expect(rowsBelow(page, 'metrics')).toEqual(metricRows());
});

test('planted: a metric of another unit', () => {
  const changed = page.replace('| gauge | `{job}` |', '| gauge | `1` |');

  expect(rowsBelow(changed, 'metrics')).not.toEqual(metricRows());
});

test('the table of spans has each span of the code', async () => {
  const source = await readFile(join(root, 'src/observe/spans.ts'), 'utf8');
  const names = [...source.matchAll(/'mooring\.(decide|submit|wait|finish)'/g)].map(([, name]) => `\`mooring.${name}\``);

  expect(new Set(rowsBelow(page, 'spans').map(([name]) => name))).toEqual(new Set(names));
});

test('each alert has a heading, to which it links', async () => {
  const rules = await readFile(join(root, 'dashboards/alerts.yaml'), 'utf8');
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);

  const [, after = ''] = page.split('\n## Alerts\n');
  const headings = [...after.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  const links = [...rules.matchAll(/runbook: docs\/monitoring\.md#(\w+)/g)].map(([, anchor]) => anchor);
  expect(headings).toEqual(alerts);
  expect(links).toEqual(alerts.map((name) => name.toLowerCase()));
});
