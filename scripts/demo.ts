/** `npm run demo`: a worker is killed in the middle of a job, and the job survives. */
import { ensureBuilt } from './build.ts';
import { HELP, readOptions, type DemoOptions } from './demo/options.ts';
import { play, type Outcome } from './demo/story.ts';
import { timeline, type Timeline } from './demo/timeline.ts';
import { cleanupOnInterrupt } from './interrupt.ts';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const cleanup = cleanupOnInterrupt();
  try {
    await ensureBuilt();
    const show = timeline(process.stdout, options.json);
    const outcome = await play(options, show, cleanup);
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    else summarise(show, outcome, options);
    return outcome.submissions === 1 && outcome.correct ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

function summarise(show: Timeline, outcome: Outcome, { without }: DemoOptions): void {
  const { result, submissions, correct } = outcome;
  process.stdout.write('\n');
  show.fact(
    'result',
    result
      ? `${result.lines.toLocaleString('en')} lines, sha256 ${result.sha256.slice(0, 12)}…, ` +
          `${(result.bytes / 1e6).toFixed(0)} MB compressed to ${(result.gzipBytes / 1e6).toFixed(0)} MB`
      : 'lost',
    correct ? 'good' : 'bad',
  );
  show.fact('submissions', String(submissions), submissions === 1 ? 'good' : 'bad');
  show.fact('attempts', String(outcome.attempts));
  show.fact('decision', outcome.decision ?? 'none');
  show.fact('time', `${outcome.seconds.toFixed(1)} s`);
  process.stdout.write('\n');
  if (submissions > 1) process.stdout.write(`  The job was submitted ${submissions} times: its ID died with the worker.\n`);
  if (without && submissions === 1) process.stdout.write('  Once, by luck: try --without --kill-at G6.\n');
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
