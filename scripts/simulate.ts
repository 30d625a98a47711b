/** `npm run simulate`: lets histories of the real code happen in a simulated world, and wants every promise kept in each. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';
import { simulate, subjectOf, type Simulated } from '../test/simulation/cases.ts';

const HELP = `npm run simulate -- [options]

Runs the real core and the real code of jobs on a simulated clock, metastore, object store, external system and runtime. Processes
are killed, stopped, continued, released, closed and cancelled; answers are lost, late or come twice; Redis is away, falls back or
loses everything. A seed is a history: it picks the case and all that happens. Exit code 1 if a promise was broken.

  --seeds N    so many histories (1000)
  --from S     the first seed (1)
  --only WHAT  of these seeds only those of jobs, or of values
  --workers W  so many processes (one a core)
  --all        go on after the first broken promise
  --trace      print what happened, also in a history that kept every promise
  --json       print one JSON object and nothing else (npm run --silent simulate -- --json)
  --help       this text

A seed that fails is printed with its history. \`--seeds 1 --from SEED --trace\` lets the same happen again.
`;

/** What a run found. */
interface Report {
  seeds: number;
  from: number;
  /** Milliseconds of the clock, and of all processors. */
  wall: number;
  cpu: number;
  /** How many histories ended so, by case. */
  outcomes: Record<string, Record<string, number>>;
  failures: Simulated[];
}

interface Order {
  seeds: number;
  from: number;
  all: boolean;
  /** The subject of the histories; `undefined`: any. */
  only: string | undefined;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      only: { type: 'string' },
      workers: { type: 'string' },
      all: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { only } = values;
  if (only !== undefined && only !== 'jobs' && only !== 'values') throw new Error('--only is jobs or values');
  const order: Order = { seeds: whole('seeds', values.seeds), from: whole('from', values.from), all: values.all, only };
  const workers = values.workers === undefined ? availableParallelism() : whole('workers', values.workers);
  const show = values.trace && !values.json;
  const report = workers === 1 || order.seeds < 100 ? await histories(order, show) : await shared(order, workers);
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : report.failures.map(inWords).join('') + summary(report));
  return report.failures.length === 0 ? 0 : 1;
}

async function histories({ seeds, from, all, only }: Order, show: boolean): Promise<Report> {
  const began = performance.now();
  // Histories throw thousands of errors that nobody reads the stack of.
  Error.stackTraceLimit = 0;
  const used = process.cpuUsage();
  const report: Report = { seeds: 0, from, wall: 0, cpu: 0, outcomes: {}, failures: [] };
  for (let seed = from; seed < from + seeds && (all || report.failures.length === 0); seed += 1) {
    if (only !== undefined && subjectOf(seed) !== only) continue;
    const one = await simulate(seed);
    const ends = (report.outcomes[one.name] ??= {});
    ends[one.outcome] = (ends[one.outcome] ?? 0) + 1;
    report.seeds += 1;
    if (one.violations.length > 0) report.failures.push(one);
    else if (show) process.stdout.write(inWords(one));
  }
  const { user, system } = process.cpuUsage(used);
  return { ...report, wall: performance.now() - began, cpu: (user + system) / 1_000 };
}

/** The same by several processes, each with its share of the seeds. */
async function shared({ seeds, from, all, only }: Order, workers: number): Promise<Report> {
  const began = performance.now();
  const share = Math.ceil(seeds / workers);
  const parts = await Promise.all(
    Array.from({ length: workers }, async (_none, at): Promise<Report> => {
      const count = Math.min(share, seeds - at * share);
      const options = ['--seeds', String(count), '--from', String(from + at * share), '--workers', '1', '--json'];
      const script = [
        ...process.execArgv,
        fileURLToPath(import.meta.url),
        ...options,
        ...(all ? ['--all'] : []),
        ...(only ? ['--only', only] : []),
      ];
      const { stdout, stderr } = await run(process.execPath, script);
      if (stdout === '') throw new Error(`a process of the simulation ended:\n${stderr}`);
      return JSON.parse(stdout) as Report;
    }),
  );
  const report: Report = { seeds: 0, from, wall: performance.now() - began, cpu: 0, outcomes: {}, failures: [] };
  for (const part of parts) {
    report.seeds += part.seeds;
    report.cpu += part.cpu;
    report.failures.push(...part.failures);
    for (const [name, ends] of Object.entries(part.outcomes)) {
      const known = (report.outcomes[name] ??= {});
      for (const [end, count] of Object.entries(ends)) known[end] = (known[end] ?? 0) + count;
    }
  }
  return report;
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} must be a whole number of at least 1`);
  return number;
}

function inWords({ seed, name, outcome, violations, trace }: Simulated): string {
  const broken = violations.map((what) => `  BROKEN  ${what}\n`).join('');
  return `seed ${seed}: ${name}: ${outcome}\n${broken}${trace.map((line) => `  ${line}\n`).join('')}\n`;
}

function summary({ seeds, from, wall, cpu, outcomes, failures }: Report): string {
  const cases = Object.entries(outcomes).map(([name, ends]) => {
    const told = Object.entries(ends).map(([end, count]) => `${count} ${end}`);
    return `${name}: ${told.join(', ')}\n`;
  });
  const each = (cpu / seeds).toFixed(2);
  return `${cases.join('')}\n${seeds} histories from seed ${from} in ${(wall / 1_000).toFixed(1)} s (${each} ms of a processor each), ${failures.length} with a broken promise\n`;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 2;
});
