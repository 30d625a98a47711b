import { cleanupOnInterrupt } from '../../scripts/interrupt.ts';
import type { Asked } from './arguments.ts';
import type { Bench } from './bench.ts';
import { buildOf, thisBuild, type Build } from './builds.ts';
import { machine, type Machine } from './machine.ts';
import { resultText } from './report.ts';
import { openRig } from './rig.ts';
import { measureInTurns, type Result } from './rounds.ts';
import type { Settings } from './settings.ts';

/** What `--json` prints. */
export interface Report extends Machine {
  readonly settings: Settings;
  readonly results: Readonly<Record<string, readonly Result[]>>;
}

/** Measures benches one after another, and prints each result when it is there, or all as JSON at the end. */
export async function runBenches(benches: Readonly<Record<string, Bench>>, { against, json, settings }: Asked): Promise<void> {
  const say = (text: string): void => void (json || process.stdout.write(`${text}\n`));
  const cleanup = cleanupOnInterrupt();
  try {
    const builds: Build[] = [await thisBuild()];
    if (against !== undefined) {
      const { build, remove } = await buildOf(against);
      cleanup.add(remove);
      builds.push(build);
    }
    const where = await machine();
    say(Object.values(where).join(', '));
    const results: Record<string, Result[]> = {};
    for (const [name, bench] of Object.entries(benches)) {
      const { rig, close } = openRig(settings, builds);
      cleanup.add(close);
      for await (const comparison of bench.comparisons(rig)) {
        const result = await measureInTurns(comparison, settings.rounds);
        (results[name] ??= []).push(result);
        say(`\n${resultText(result)}`);
      }
      await close();
    }
    const report: Report = { ...where, settings, results };
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  } finally {
    await cleanup.run();
  }
}
