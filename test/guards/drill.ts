import { guard, type Guard } from './guard.ts';

/** Guards of `mooring drill`: what it finds is true, and nothing of it is left. */

const REDIS = 'test/integration/drill-redis.test.ts';
const JUDGE = 'test/unit/drill/command/judge.test.ts';

/** The drill. */
export const DRILL_GUARDS: readonly Guard[] = [
  guard('a drill removes its queues', 'drill/command', '`${prefix}:*`]', "'-']", [REDIS, 'a drill removes what is its own']),
  guard('a drill removes its namespace alone', 'drill/command', '`mooring:{${namespace}:*`', "'mooring:*'", [
    REDIS,
    'a drill removes what is its own',
  ]),
  guard('a second ID is a second job, whatever count says', 'drill/command', 'if (ids > Math.max(...jobs)) {', 'if (ids < 0) {', [
    JUDGE,
    'a second ID that count does not know',
  ]),
  guard(
    'a cancelled job that runs on is no pass',
    'drill/command',
    'if (run.running > 0) return',
    'if (run.running < 0) return',
    [JUDGE, 'a cancelled job that runs on'],
  ),
  guard(
    'a gap that was not reached is no pass',
    'drill/command',
    "if (trouble !== undefined) return { fault: 'trouble'",
    "if (trouble === '') return { fault: 'trouble'",
    [JUDGE, 'a run whose gap was not reached'],
  ),
];
