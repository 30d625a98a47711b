import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/command.ts';
import { END_NAMES } from '../../scripts/crash/ends.ts';
import { GAP_NAMES } from '../../drill/harness/gaps.ts';

/** `npm run crash`, as a person and as a machine run it. */

const CRASH = fileURLToPath(new URL('../../scripts/crash.ts', import.meta.url));
const LONG = 90_000;
const ONE = { submissions: 1, attempts: 1 };

function crash(...args: string[]): ReturnType<typeof run> {
  return run(process.execPath, ['--import', 'tsx', CRASH, ...args]);
}

test('--help names every option, end and gap', async () => {
  const { code, stdout, stderr } = await crash('--help');

  expect(code).toBe(0);
  expect(stderr).toBe('');
  for (const option of ['--runtime', '--end', '--gap', '--system', '--repeat', '--json', '--help'])
    expect(stdout).toContain(`  ${option} `);
  for (const end of END_NAMES) expect(stdout).toContain(`    ${end} `);
  for (const gap of GAP_NAMES) expect(stdout).toContain(`    ${gap} `);
});

test.each([
  [['--runtime', 'cron'], '--runtime is bullmq or temporal, received cron'],
  [['--gap', 'G1,G13'], 'a gap is one of G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11, G12, received "G13"'],
  [
    ['--end', 'magic'],
    '--end is one of kill, release, deploy, cancel, failure, outage, failover, freeze, node, reshard, stall or all, received magic',
  ],
  [['--end', 'release', '--gap', 'G1'], 'no attempt ends in G1 by release'],
  [['--system', 'magic'], '--system is one of keyed, findable, plain or all, received magic'],
  [['--repeat', '0'], '--repeat is a whole number above 0, received 0'],
  [['--repeat', 'x'], '--repeat is a whole number above 0, received x'],
  [['--gaps', 'G1'], "Unknown option '--gaps'"],
])('%j is refused, with what is allowed', async (args, message) => {
  const { code, stdout, stderr } = await crash(...args);

  expect(stderr).toContain(message);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test(
  '--json prints one object, with the cells that were asked for',
  async () => {
    const { code, stdout } = await crash('--json', '--end', 'kill,failure', '--gap', 'g6,g10', '--system', 'plain');

    const cell = { runtime: 'bullmq', system: 'plain', runs: 1, duplicates: 0, lost: 0, tooMany: 0, deviations: [] };

    expect(JSON.parse(stdout)).toEqual({
      cells: [
        { ...cell, ...ONE, end: 'kill', gap: 'G6', outcomes: { ambiguous: 1 }, decisions: { ambiguous: 1 } },
        {
          ...cell,
          ...ONE,
          end: 'kill',
          gap: 'G10',
          outcomes: { result: 1 },
          decisions: { submitted: 1, 'already-succeeded': 1 },
        },
        {
          ...cell,
          end: 'failure',
          gap: 'G10',
          submissions: 2,
          attempts: 2,
          outcomes: { result: 1 },
          decisions: { submitted: 1, resubmitted: 1 },
        },
      ],
      duplicates: 0,
      lost: 0,
      tooMany: 0,
      deviations: 0,
    });
    expect(code).toBe(0);
  },
  LONG,
);
