import { guard, type Guard } from './guard.ts';

/** Guards of the index of jobs, and of what records say for people. */

const CONTRACT = 'test/integration/redis-contract.test.ts';
const HISTORY = 'test/integration/job-history.test.ts';
const LISTING = 'test/integration/job-listing.test.ts';
const WAITING = 'test/unit/job/attempt/waiting.test.ts';

export const JOB_INDEX_GUARDS: readonly Guard[] = [
  guard(
    'Redis: a record has its place in the index from the step that writes it',
    'src/metastore/redis/lua/records/put.ts',
    "${enter('NAME', 'rank', '(tonumber(SINCE) or now)')}",
    '',
    [CONTRACT, 'a job moves with its record'],
  ),
  guard(
    'Redis: an orphan that a record holds again leaves the index',
    'src/metastore/redis/lua/records/put.ts',
    '${leave("NAME .. \':\' .. ID_DIGEST")}',
    '',
    [CONTRACT, 'an orphan that a record holds again leaves'],
  ),
  guard(
    'Redis: an orphan is in the index from the step that lists it',
    'src/metastore/redis/lua/orphan.ts',
    "${enter(listed, String(JOB_RANK.orphan), 'now')}",
    '',
    [CONTRACT, 'an orphan is there from the step that lists it'],
  ),
  guard('Redis: a wiped scope leaves the index', 'src/metastore/redis/lua/operators/clear.ts', "${leave('name')}", '', [
    CONTRACT,
    'a wiped scope leaves its running job as an orphan',
  ]),
  guard(
    'Redis: the history is replaced, not added',
    'src/metastore/redis/lua/records/refresh.ts',
    '(mark or #rest) - 1',
    '#rest - 1',
    [CONTRACT, 'another one is written without another version'],
  ),
  guard(
    'a name that the index holds without reason is taken off',
    'src/job/operator/list.ts',
    'if (gone.length > 0) await',
    'if (gone.length < 0) await',
    [LISTING, 'a record that expired is taken off the index'],
  ),
  guard(
    'reconcile indexes what an older version wrote',
    'src/maintenance/reconcile',
    'if (apply) await indexAllJobs(core, call);',
    '',
    [LISTING, 'is listed again after a reconcile'],
  ),
  guard('a released attempt that comes back saved nothing', 'src/job/protocol/savings.ts', '|| history.released()', '', [
    HISTORY,
    'is nothing if a released job comes back',
  ]),
  guard('polls cost at most one write a minute', 'src/job/protocol/poll.ts', 'history.isDue(NOTED_EVERY)', 'history.isDue(0)', [
    HISTORY,
    'costs at most one more write a minute',
  ]),
  guard(
    'a callback that comes while an attempt is leaving keeps it',
    'src/job/attempt/waiting.ts',
    'if (life.signal.aborted || life.failure() || !mayLeave()) { handingBack = undefined; return; }',
    '',
    [WAITING, 'that came while the attempt was leaving keeps it'],
  ),
];
