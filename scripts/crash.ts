/** `npm run crash`: kills worker processes in every gap of the crash table and checks what became of their jobs. */
import { parseArgs } from 'node:util';
import { SIDES, type Side } from './batch-service/job.ts';
import { ensureBuilt } from './build.ts';
import { runCrash, type Plan } from './crash/harness.ts';
import { reportText } from './crash/report.ts';
import { RUNTIMES } from './crash/runtime.ts';
import { deviation } from './crash/table.ts';
import { GAP_LIST, GAP_NAMES, parseGap } from './gaps.ts';
import { cleanupOnInterrupt } from './interrupt.ts';

const HELP = `npm run crash -- [options]

Kills real worker processes with SIGKILL in every gap, against three kinds of far side, and checks each cell against the
crash table. Exit code 1 on a duplicate, a lost job, or whatever else differs from the table.

  --runtime NAME    bullmq (the default) or temporal
  --gap GAP         one gap, several with commas, or all (default all):
${GAP_LIST}
  --far-side NAME   keyed, findable, plain or all (default all)
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
      gap: { type: 'string', default: 'all' },
      'far-side': { type: 'string', default: 'all' },
      repeat: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const runtime = RUNTIMES.find((one) => one === values.runtime);
  if (runtime === undefined) throw new Error(`--runtime is ${RUNTIMES.join(' or ')}, received ${values.runtime}`);
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) throw new Error(`--repeat is a whole number above 0, received ${values.repeat}`);
  return {
    runtime,
    gaps: values.gap === 'all' ? GAP_NAMES : values.gap.split(',').map(parseGap),
    sides: values['far-side'] === 'all' ? SIDES : values['far-side'].split(',').map(parseSide),
    repeat,
    json: values.json,
    help: values.help,
  };
}

function parseSide(text: string): Side {
  const side = SIDES.find((one) => one === text);
  if (side === undefined) throw new Error(`--far-side is one of ${SIDES.join(', ')} or all, received ${text}`);
  return side;
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
    const all = options.gaps.length * options.sides.length * options.repeat;
    let done = 0;
    const report = await runCrash(options, cleanup, (gap, side, run) => {
      done += 1;
      if (options.json) return;
      const verdict = deviation(gap, side, run) ?? (run.ambiguous ? 'ambiguous, as it must be' : 'one result');
      process.stdout.write(
        `${String(done).padStart(4)}/${all}  ${gap.padEnd(3)}  ${side.padEnd(8)}  ${run.submissions} submitted, ${verdict}\n`,
      );
    });
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${reportText(report)}`);
    return report.duplicates + report.lost + report.deviations === 0 ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
