/** `npm run model`: explores the model of the resumable job, and wants each run of model/runs.txt to end as it says. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './build.ts';
import { run } from './command.ts';
import { cleanupOnInterrupt } from './interrupt.ts';
import { faultsOf, parseRuns, type Explored, type ModelRun } from './model/runs.ts';

const HELP = `npm run model -- [options] [WORD ...]

Explores every state of the runs in model/runs.txt, and compares the broken promises with those that the file names. Exit code 1 if
they differ, or if a run is too large to explore. Needs Go 1.24 or later. model/README.md explains the words of a run.

  WORD     only runs that have all these words, as keyed or give-up
  --trace  print the shortest way to each broken promise
  --json   print one JSON object and nothing else (npm run --silent model -- --json)
  --help   this text
`;

const MISSING = 127;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const all = parseRuns(await readFile(join(ROOT, 'model/runs.txt'), 'utf8'));
  const runs = all.filter(({ words }) => positionals.every((word) => words.includes(word)));
  if (runs.length === 0) throw new Error(`no run of model/runs.txt has the words ${positionals.join(' ')}`);
  const cleanup = cleanupOnInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'mooring-model-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  try {
    const program = await build(folder);
    const reports = [];
    for (const one of runs) {
      cleanup.signal.throwIfAborted();
      const explored = await explore(program, one);
      const report = { ...one, ...explored, faults: faultsOf(one, explored) };
      reports.push(report);
      if (!values.json) process.stdout.write(lines(report, values.trace));
    }
    const asSaid = reports.filter(({ faults }) => faults.length === 0).length;
    if (values.json) process.stdout.write(`${JSON.stringify({ runs: reports, asSaid })}\n`);
    else process.stdout.write(`\n${runs.length} runs, ${asSaid} as the file says\n`);
    return asSaid === runs.length ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

async function build(folder: string): Promise<string> {
  const program = join(folder, 'model');
  const { code, stderr } = await run('go', ['build', '-o', program, '.'], { cwd: join(ROOT, 'model') });
  if (code === MISSING) {
    throw new Error('The model is written in Go, and there is no `go` in PATH: install Go 1.24 or later (https://go.dev/dl).');
  }
  if (code !== 0) throw new Error(`go build said: ${stderr.trim()}`);
  return program;
}

async function explore(program: string, { words }: ModelRun): Promise<Explored> {
  const { code, stdout, stderr } = await run(program, words);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr.trim()}`);
  return JSON.parse(stdout) as Explored;
}

function lines(report: ModelRun & Explored & { faults: string[] }, trace: boolean): string {
  const { words, States, Traces, faults } = report;
  const broken = Object.entries(Traces).map(([promise, steps]) => `${promise} after ${steps.length} steps`);
  const outcome = broken.length > 0 ? broken.join(', ') : 'holds';
  const head = `${faults.length > 0 ? 'DIFFERS' : 'as said'}  ${words.join(' ')}: ${outcome} (${States} states)\n`;
  const differs = faults.map((fault) => `           ${fault}\n`).join('');
  const ways = Object.entries(Traces).map(([promise, steps]) =>
    [`    ${promise}`, ...steps.map((step, at) => `    ${String(at + 1).padStart(3)} ${step}`), ''].join('\n'),
  );
  return head + differs + (trace ? ways.join('') : '');
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
