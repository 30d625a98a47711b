import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/command.ts';

/** The demo, as a machine runs it: one JSON object, and an exit code that tells the same. */

const DEMO = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));
const LONG = 60_000;
/** Always there, `null` where there is nothing to say. */
const KEYS = ['runtime', 'killAt', 'without', 'submissions', 'attempts', 'decision', 'decisions', 'result', 'correct', 'seconds'];

function demo(...args: string[]): ReturnType<typeof run> {
  return run(process.execPath, ['--import', 'tsx', DEMO, ...args]);
}

test(
  'the job of a killed worker is submitted once',
  async () => {
    const { code, stdout } = await demo('--json', '--size', '40');

    expect(JSON.parse(stdout)).toMatchObject({
      submissions: 1,
      attempts: 2,
      // The second, where the machine is so quick that the work is over before the next worker looks.
      decision: expect.stringMatching(/^(reconnected|already-succeeded)$/),
      correct: true,
      result: { bytes: expect.any(Number), sha256: expect.any(String) },
      seconds: expect.any(Number),
    });
    expect(code).toBe(0);
  },
  LONG,
);

test(
  'on Temporal too',
  async () => {
    const { code, stdout } = await demo('--json', '--runtime', 'temporal', '--size', '40');

    expect(JSON.parse(stdout)).toMatchObject({
      runtime: 'temporal',
      submissions: 1,
      attempts: 2,
      decision: expect.stringMatching(/^(reconnected|already-succeeded)$/),
      correct: true,
    });
    expect(code).toBe(0);
  },
  2 * LONG,
);

test(
  'also where the external system accepted the job and its reply was lost',
  async () => {
    const { code, stdout } = await demo('--json', '--size', '5', '--kill-at', 'G5');

    expect(JSON.parse(stdout)).toMatchObject({ submissions: 1, attempts: 2, decision: 'repeated', correct: true });
    expect(code).toBe(0);
  },
  LONG,
);

test(
  'the processor that people write by hand submits twice when it dies before it saved the ID',
  async () => {
    const { code, stdout } = await demo('--without', '--json', '--size', '5');

    const outcome = JSON.parse(stdout) as object;

    expect(outcome).toMatchObject({ submissions: 2, attempts: 2 });
    expect(Object.keys(outcome)).toEqual(KEYS);
    expect(code).toBe(1);
  },
  LONG,
);

test('an unknown gap is refused with the names of all', async () => {
  const { code, stderr } = await demo('--kill-at', 'G13');

  expect(stderr).toBe('a gap is one of G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11, G12, received "G13"\n');
  expect(code).toBe(1);
});

test(
  'in a pipe the timeline has no colour',
  async () => {
    const { stdout } = await demo('--size', '5', '--kill-at', 'G1');

    expect(stdout).toContain('killed with SIGKILL, G1: before the fence');
    expect(stdout).not.toContain('\u001B');
  },
  LONG,
);
