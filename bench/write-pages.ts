/** `npm run bench:pages -- FILE`: writes what `npm run bench -- all --json` measured into the pages that show it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../scripts/build.ts';
import type { Report } from './harness/run.ts';
import type { Result } from './harness/rounds.ts';
import { chart } from './pages/chart.ts';
import { codecTable, ownFigures, table } from './pages/tables.ts';

const PAGES = ['docs/performance.md', 'docs/codecs.md', 'docs/operations.md'];
const CHART = 'docs/growth.svg';
/** What stands between these is written here: the name of a bench, and perhaps how it is shown. */
const BLOCK = /<!-- bench ([\w-]+)(?: as (\w+))? -->[\s\S]*?<!-- \/bench -->/g;

const FORMS: Readonly<Record<string, (results: readonly Result[]) => string>> = {
  table,
  chart: (results) => `![CPU of one operation, by how much there is already](growth.svg)\n\n${table(results)}`,
  codecs: codecTable,
  samples: (results) => table(results.filter(({ name }) => / of (?:JSON|noise)$/.test(name))),
  memory: (results) => ownFigures(results, ['A scope with', 'Bytes']),
};

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('npm run bench:pages -- FILE, what npm run --silent bench -- all --json has printed');
const report = JSON.parse(await readFile(file, 'utf8')) as Report;
const { date, commit, node, redis, cpu, settings } = report;

for (const page of PAGES) {
  const text = await readFile(join(ROOT, page), 'utf8');
  const written = text.replaceAll(BLOCK, (block, name: string, form = 'table') => {
    const results = report.results[name];
    const draw = FORMS[form];
    if (!results || !draw) return block;
    const mark = /^<!--.*?-->/.exec(block)?.[0] ?? '';
    const command = `npm run bench -- ${name}${settings.peers ? ' --peers' : ''} --rounds ${settings.rounds}`;
    const where = `${date}, commit ${commit}, ${node}, ${redis}, ${cpu}`;
    return `${mark}\n\n${draw(results)}\n\n\`${command}\`\n(${where})\n\n<!-- /bench -->`;
  });
  await writeFile(join(ROOT, page), written);
}
if (report.results['growth']) await writeFile(join(ROOT, CHART), chart(report.results['growth']));
