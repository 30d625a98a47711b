import { describe, expect, test } from '@jest/globals';
import type { SystemKind } from '../../scripts/batch-service/job.ts';
import { AmbiguousSubmitError, type TaskContext } from '../../src/index.ts';
import { fakeClock, KilledError, memoryStateStore, type Gap } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { testRuntime } from '../support/runtime.ts';

/** What the crash table says of the next attempt. */
interface Cell {
  submissions: number;
  jobs: number;
  decision: string;
}

const once = (decision: string, submissions = 1): Cell => ({ submissions, jobs: 1, decision });
const lost = (jobs: number): Cell => ({ submissions: jobs, jobs, decision: 'ambiguous' });

const TABLE: Record<Gap, Record<SystemKind, Cell>> = {
  G1: { keyed: once('submitted'), findable: once('submitted'), plain: once('submitted') },
  G2: { keyed: once('submitted'), findable: once('submitted'), plain: once('submitted') },
  G3: { keyed: once('repeated'), findable: once('repeated'), plain: lost(0) },
  G4: { keyed: once('repeated', 2), findable: once('reconnected'), plain: lost(1) },
  G5: { keyed: once('repeated', 2), findable: once('reconnected'), plain: lost(1) },
  G6: { keyed: once('repeated', 2), findable: once('reconnected'), plain: lost(1) },
  G7: { keyed: once('reconnected'), findable: once('reconnected'), plain: once('reconnected') },
  G8: { keyed: once('reconnected'), findable: once('reconnected'), plain: once('reconnected') },
  G9: { keyed: once('already-succeeded'), findable: once('already-succeeded'), plain: once('already-succeeded') },
  G10: { keyed: once('already-succeeded'), findable: once('already-succeeded'), plain: once('already-succeeded') },
  G11: { keyed: once('already-succeeded'), findable: once('already-succeeded'), plain: once('already-succeeded') },
  G12: { keyed: once('already-succeeded'), findable: once('already-succeeded'), plain: once('already-succeeded') },
};

/** Those between the write-ahead and the write of the ID prove C91. */
const UNRESOLVED: readonly Gap[] = ['G3', 'G4', 'G5', 'G6'];

const cells = (Object.keys(TABLE) as Gap[]).flatMap((gap) =>
  (Object.keys(TABLE[gap]) as SystemKind[]).map((kind) => [UNRESOLVED.includes(gap) ? `C91 ${gap}` : gap, kind, gap] as const),
);

describe.each(['ordered', 'drawn'] as const)('the crash table, with a fence that is %s', (fence) => {
  test.each(cells)('%s, %s: the next attempt does what the table says', async (_title, kind, gap) => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ kind, clock, activeLooks: 1 });
    const job = system.job();
    const task = testRuntime(store, { fence });
    const process = (ctx: TaskContext): Promise<unknown> => ctx.run(job, 'clip');
    const expected = TABLE[gap][kind];

    await expect(task.attempt(process, { killAt: gap })).rejects.toThrow(new KilledError(gap));
    const before = store.events.length;
    const next = task.attempt(process);
    if (expected.decision === 'ambiguous') await expect(next).rejects.toBeInstanceOf(AmbiguousSubmitError);
    else expect(await next).toBe('result of job-1');

    expect(system.jobs).toHaveLength(expected.jobs);
    expect(system.submits).toBe(expected.submissions);
    expect(store.events.slice(before).filter(({ type }) => type === 'decision')).toEqual([
      expect.objectContaining({ decision: expected.decision, submission: 1, attempt: 2 }),
    ]);
    if (gap === 'G11' || gap === 'G12') expect(system.calls.filter((call) => call === 'getResult')).toHaveLength(1);
  });

  // A job whose attempt was killed in G9 to G12 is found at its end by now, or is still going on.
  test.each(['keyed', 'findable', 'plain'] as const)('G9, %s: a job that still goes on is waited for', async (kind) => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ kind, clock, activeLooks: 5 });
    const task = testRuntime(store, { fence });
    const process = (ctx: TaskContext): Promise<unknown> => ctx.run(system.job(), 'clip');

    await expect(task.attempt(process, { killAt: 'G9' })).rejects.toBeInstanceOf(KilledError);
    expect(await task.attempt(process)).toBe('result of job-1');
    expect(store.events.map((event) => event.type === 'decision' && event.decision)).toEqual(['submitted', 'reconnected']);
    expect(system.submits).toBe(1);
  });

  test('there is one job although every gap in turn kills an attempt', async () => {
    for (const kind of ['keyed', 'findable'] as const) {
      const clock = fakeClock();
      const store = memoryStateStore({ clock });
      const system = externalSystem({ kind, clock, activeLooks: 20 });
      const task = testRuntime(store, { fence });
      const process = (ctx: TaskContext): Promise<unknown> => ctx.run(system.job(), 'clip');

      for (const killAt of ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9', 'G9', 'G1'] as const) {
        const outcome = await task.attempt(process, { killAt }).catch((error: unknown) => error);
        expect(outcome).toBeInstanceOf(KilledError);
        // A findable external system shows the job after G4: the later gaps of a send are not reached any more.
        if (kind === 'findable' && killAt === 'G4') break;
      }

      expect(await task.attempt(process)).toBe('result of job-1');
      expect(system.jobs).toHaveLength(1);
    }
  });
});
