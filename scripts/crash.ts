/** `npm run crash`: ends attempts in every gap of the crash table, in every way, and checks what became of their jobs. */
import { parseArgs } from 'node:util';
import { SYSTEM_KINDS, type SystemKind } from './batch-service/job.ts';
import { ensureBuilt } from './build.ts';
import { END_LIST, END_NAMES, parseEnd } from './crash/ends.ts';
import { placesOf, runCrash, type Plan } from './crash/harness.ts';
import { reportText } from './crash/report.ts';
import { RUNTIMES } from './crash/runtime.ts';
import { deviation } from './crash/table.ts';
import { GAP_LIST, GAP_NAMES, parseGap } from '../drill/harness/gaps.ts';
import { outcomeOf } from '../drill/harness/table.ts';
import { cleanupOnInterrupt } from './interrupt.ts';

const HELP = `npm run crash -- [options]

Ends the attempts of real worker processes in every gap and in every way, against three kinds of external system, and checks each cell
against the crash table. Exit code 1 on a duplicate, a lost job, more submissions than attempts, or whatever else differs from it.

The table has the jobs that the external system accepted, and how the runs ended.

  --runtime NAME    bullmq (the default) or temporal
  --end NAME        one way, several with commas, or all (default all):
${END_LIST}
  --gap GAP         one gap, several with commas, or all (default all):
${GAP_LIST}
  --system NAME     keyed, findable, plain or all (default all)
  --repeat N        runs of each cell (default 1)
  --json            print one JSON object and nothing else (npm run --silent crash -- --json)
  --help            this text
`;

interface Options extends Plan {
  json: boolean;
  help: boolean;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      runtime: { type: 'string', default: 'bullmq' },
      end: { type: 'string', default: 'all' },
      gap: { type: 'string', default: 'all' },
      system: { type: 'string', default: 'all' },
      repeat: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const runtime = RUNTIMES.find((one) => one === values.runtime);
  if (runtime === undefined) throw new Error(`--runtime is ${RUNTIMES.join(' or ')}, received ${values.runtime}`);
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) throw new Error(`--repeat is a whole number above 0, received ${values.repeat}`);
  const gaps = values.gap === 'all' ? GAP_NAMES : values.gap.split(',').map(parseGap);
  const systems = values.system === 'all' ? SYSTEM_KINDS : values.system.split(',').map(parseSystem);
  const places = placesOf(values.end === 'all' ? END_NAMES : values.end.split(',').map(parseEnd), gaps, systems);
  if (places.length === 0) throw new Error(`no attempt ends in ${values.gap} by ${values.end}`);
  return {
    runtime,
    places,
    repeat,
    json: values.json,
    help: values.help,
  };
}

function parseSystem(text: string): SystemKind {
  const system = SYSTEM_KINDS.find((one) => one === text);
  if (system === undefined) throw new Error(`--system is one of ${SYSTEM_KINDS.join(', ')} or all, received ${text}`);
  return system;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const cleanup = cleanupOnInterrupt();
  try {
    await ensureBuilt();
    const all = options.places.length * options.repeat;
    let done = 0;
    const report = await runCrash(options, cleanup, ({ end, gap, system }, run) => {
      done += 1;
      if (options.json) return;
      const counts = `${run.submissions} submitted in ${run.attempts}`;
      const place = `${end.padEnd(7)}  ${gap.padEnd(3)}  ${system.padEnd(8)}`;
      const verdict = deviation(end, gap, system, run) ?? outcomeOf(run);
      process.stdout.write(`${String(done).padStart(4)}/${all}  ${place}  ${counts}, ${verdict}\n`);
    });
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${reportText(report)}`);
    return report.duplicates + report.lost + report.tooMany + report.deviations === 0 ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
