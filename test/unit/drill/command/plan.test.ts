import { expect, test } from '@jest/globals';
import { factsInWords, factsOfDrill } from '../../../../drill/command/facts.ts';
import { planOf } from '../../../../drill/command/plan.ts';
import type { AnyDrill } from '../../../../drill/definition.ts';
import type { DrillOrder } from '../../../../src/cli/tools.ts';
import type { AnyJob } from '../../../../src/job/external-job.ts';

/** What a drill runs, by what the definition says. */

const ORDER: DrillOrder = {
  module: 'drill.ts',
  redis: undefined,
  gaps: undefined,
  ends: undefined,
  repeat: 1,
  concurrency: 1,
  timeout: 1,
  dryRun: false,
};

function factsOf(job: Partial<AnyJob>) {
  const whole: AnyJob = { submit: async () => 'id', getStatus: async () => ({ state: 'active' }), ...job };
  return factsOfDrill({ job: whole, input: {}, count: async () => 1 } satisfies AnyDrill);
}

const KEYED = factsOf({ idempotentFor: '1d', cancel: async () => undefined });

test('every gap for each way, with one job for each run', () => {
  const { runs, jobs, notes } = planOf(ORDER, KEYED);

  const counts = Object.fromEntries(
    ['kill', 'deploy', 'cancel', 'release', 'stall'].map((end) => [end, runs.filter((run) => run.end === end).length]),
  );
  expect(counts).toEqual({ kill: 12, deploy: 12, cancel: 11, release: 1, stall: 0 });
  expect(jobs).toBe(37);
  expect(notes).toEqual([]);
});

test('what is asked for, as often as it is asked for', () => {
  const { runs } = planOf({ ...ORDER, ends: 'stall,kill', gaps: 'g3, G4', repeat: 2 }, KEYED);

  expect(runs.map(({ end, gap, turn }) => `${end} ${gap} ${turn}`)).toEqual(
    ['stall G3', 'stall G4', 'kill G3', 'kill G4']
      .flatMap((cell) => [`${cell} 1`])
      .concat(['stall G3', 'stall G4', 'kill G3', 'kill G4'].map((cell) => `${cell} 2`)),
  );
});

test('an external job that cannot be cancelled is left out, as the plan says', () => {
  const { runs, notes } = planOf(ORDER, factsOf({ idempotentFor: '1d' }));

  expect(runs.filter(({ end }) => end === 'cancel')).toEqual([]);
  expect(notes).toEqual([expect.stringMatching(/^cancel is left out/)]);
});

test('a plain system gets no job if its worker dies before the request', () => {
  expect(planOf({ ...ORDER, ends: 'kill', gaps: 'G3' }, factsOf({})).jobs).toBe(1);
});

test.each([
  [{ gaps: 'G13' }, /^--gaps: a gap is one of G1, /],
  [{ ends: 'explode' }, /^--ends are some of kill, deploy, cancel, release, stall, received "explode"$/],
  [{ ends: 'release', gaps: 'G1' }, /^there is nothing to run/],
])('%j is refused, with what is allowed', (wrong, message) => {
  expect(() => planOf({ ...ORDER, ...wrong }, KEYED)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(message) }),
  );
});

const find = async (): Promise<undefined> => undefined;

test.each([
  [{ idempotentFor: '1d' }, 'keyed', 'a repeated key is recognised for 1d'],
  [{ idempotentFor: 'until-deleted' }, 'keyed', 'a repeated key is recognised until the job is deleted'],
  [{ find, findLag: '1500ms' }, 'findable', 'shows every job within 1500ms'],
  [{ idempotentFor: '90s', find }, 'keyed', 'recognised for 90s; then a search by key'],
  [{}, 'plain', 'nothing can be searched by key'],
] as const)('%j is %s', (job, kind, words) => {
  const facts = factsOf(job);

  expect(facts.kind).toBe(kind);
  expect(factsInWords(facts)[0]).toContain(words);
});
