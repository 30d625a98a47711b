import { guard, type Guard } from './guard.ts';

/** The same rules in the scripts that a real Redis runs. */

const ERRORS = 'test/unit/metastore/redis/errors.test.ts';
const REDIS_ACL = 'test/integration/redis-acl.test.ts';
const REDIS_CLUSTER = 'test/integration/redis-cluster.test.ts';
const CONTRACT = 'test/integration/redis-contract.test.ts';

/** Values, fences and records, then a sweep. */
export const REDIS_GUARDS: readonly Guard[] = [
  guard(
    'Redis: I2 a command that a script may not run comes after others',
    'src/metastore/redis',
    'return failure.writes',
    'return !failure.writes',
    [ERRORS, 'I2 a command that a script may not run'],
  ),
  guard(
    'Redis: I2 a command that a script may not run, in the words of Redis 8 and Valkey',
    'src/metastore/redis',
    '|ACL failure in script',
    '',
    [ERRORS, 'in the words of Valkey'],
  ),
  guard(
    'Redis: a right or a password that is gone for a while fails no job for good',
    'src/metastore/redis',
    "return examines ? new ConfigError('client', rule) :",
    "return !examines ? new ConfigError('client', rule) :",
    [ERRORS, 'is an outage for a job'],
  ),
  guard(
    'Redis: what a Cluster refused everywhere was not written',
    'src/metastore/redis',
    'if (redirected !== undefined)',
    'if (redirected === null)',
    [ERRORS, 'a Cluster whose servers all refused a write wrote nothing'],
  ),
  guard(
    'Redis: what a Cluster refuses for now is tried again',
    'src/metastore/redis',
    'isPassing(error, failure) && hasTime()',
    'false',
    [REDIS_CLUSTER, 'tried again until the slot has a home'],
  ),
  guard(
    'Redis: the last try of a refused command ends within the deadline',
    'src/metastore/redis',
    'isPassing(error, failure) && hasTime()',
    'isPassing(error, failure)',
    [REDIS_CLUSTER, 'a write is refused within its deadline'],
  ),
  guard(
    'Redis: ready() tries what a Cluster needs only while a slot is moved',
    'src/metastore/redis',
    "sendCommand(node, 'text', 'asking', []),",
    '',
    [REDIS_ACL, 'ready() misses a right that a Cluster needs'],
  ),
  guard(
    'Redis: ready() refuses a durability that the server can never give',
    'src/metastore/redis',
    'if (there === undefined || Number(there) >= replicas) return;',
    'return;',
    ['test/integration/redis-durability.test.ts', 'more replicas than the server has'],
  ),
  guard(
    'Redis: ready() misses what a later write would',
    'src/metastore/redis',
    "redis.call('ZADD', DUE, 'XX', 'LT', 0, 'trial')",
    '',
    [REDIS_ACL, 'are missed by ready()'],
  ),
  guard('Redis: I8 the end of a value', 'src/metastore/redis', 'and not (expires and expires <= now)', '', [
    CONTRACT,
    'C59 I8 an expired value is absent',
  ]),
  guard(
    'Redis: I4 † an overwritten object goes on the list in the same step',
    'src/metastore/redis',
    'supersede(text, object)',
    '',
    [CONTRACT, 'the object of an overwritten value goes on the list'],
  ),
  guard('Redis: I4 what is superseded keeps the scope for a sweep', 'src/metastore/redis', ') keep(now + ${SWEEP_TIME})', ')', [
    CONTRACT,
    'a superseded object is known for a week',
  ]),
  guard(
    'Redis: I4 a reference keeps the scope for a sweep',
    'src/metastore/redis',
    'if gone ~= ${NEVER} then keep(math.min(gone + ${SWEEP_TIME}, ${NEVER} - 1)) end',
    '',
    [CONTRACT, 'a scope with a reference is kept a week longer'],
  ),
  guard(
    'Redis: † the tombstone of a deleted value',
    'src/metastore/redis',
    "put('e:' .. name, ${head(LETTER.tombstone, 'id', 'instant(now)', 'gone')}",
    "drop('e:' .. name",
    [CONTRACT, 'does not bring back a deleted value'],
  ),
  guard(
    'Redis: † a time that is set while a sweep goes on takes its nonce away',
    'src/metastore/redis',
    "if dueAt then drop('sweep') end",
    '',
    [CONTRACT, '† a time that is set while the sweep goes on is not lost'],
  ),
  guard(
    'Redis: † the same write ID is answered as the first time',
    'src/metastore/redis/lua/values',
    'text:sub(${AT.version}) == ID',
    'ID == nil',
    [CONTRACT, 'is recognised before the fence is looked at'],
  ),
  guard(
    'Redis: I3 the fence on values',
    'src/metastore/redis',
    'if fenced then if isReplaced',
    'if fenced and not ID then\n  if isReplaced',
    [CONTRACT, 'the newest attempt holds the fence'],
  ),
  guard(
    'Redis: † the sequence: a late copy of an older write of the same run',
    'src/metastore/redis/lua/values',
    "if text and laterOwn(text) then return answer('old') end",
    '',
    [CONTRACT, 'of an older write of the same run does not overwrite'],
  ),
  guard(
    'Redis: † lateness: a write is refused long after it began',
    'src/metastore/redis/lua/values',
    "if now - BEGAN > ${LATENESS} then return answer('late') end",
    '',
    [CONTRACT, 'that began longer ago than the lateness limit'],
  ),
  guard(
    'Redis: † a begin by another run of the same attempt',
    'src/metastore/redis/lua/records',
    'isReplaced(FENCE, NONCE)',
    'held and held:sub(1, 24) > FENCE',
    [CONTRACT, 'two runs of one attempt are told apart by their nonce'],
  ),
  guard('Redis: † lost state is noted', 'src/metastore/redis', "put('lost', lost)", '', [
    CONTRACT,
    'stays noted for every attempt, as long as the fence',
  ]),
  guard(
    'Redis: I3 † a record by an attempt that was replaced',
    'src/metastore/redis/lua/records',
    'if isReplaced(fence, nonce) then return stale() end',
    '',
    [CONTRACT, 'an attempt that was replaced cannot open a submission'],
  ),
  guard(
    'Redis: † a record: a late copy of an older write',
    'src/metastore/redis/lua/records',
    "if text and laterOwn(text) then return answer('old') end",
    '',
    [CONTRACT, 'a late copy of an older write of this attempt does not take the record back'],
  ),
  guard(
    'Redis: I8 † removal checks the end of a value again in its step',
    'src/metastore/redis',
    'expires <= now then',
    'expires < ${NEVER} then',
    [CONTRACT, '† I8 checks again in its step'],
  ),
  guard(
    'Redis: I4 † a sweep supersedes the objects of what it removes in the same step',
    'src/metastore/redis',
    'supersede(text, nil) later(now + grace)',
    'later(now + grace)',
    [CONTRACT, 'removes entries that have expired, inline and offloaded alike'],
  ),
  guard(
    'Redis: I5 † a superseded object that the entry refers to again is never named',
    'src/metastore/redis',
    'elseif not isReferredTo(name) then',
    'else',
    [CONTRACT, '† I5 never names a superseded object that the entry refers to again'],
  ),
  guard('Redis: I5 an object is named after the grace only', 'src/metastore/redis', 'if since + grace > now', 'if since > now', [
    CONTRACT,
    'names an object only after the grace',
  ]),
  guard(
    'Redis: I4 what is on the superseded list keeps the scope',
    'src/metastore/redis',
    'keep(math.max(since + grace, now) + ${SWEEP_TIME})',
    '',
    [CONTRACT, 'stays on the list for as long as the scope is swept'],
  ),
  guard(
    'Redis: † the end of a sweep changes the index only with its nonce',
    'src/metastore/redis',
    "if there and redis.call('HGET', KEY, 'sweep') ~= NONCE then return answer('ok') end",
    '',
    [CONTRACT, 'of a sweep that another one has overtaken changes nothing'],
  ),
  guard(
    'Redis: † a page brings no nonce back that was taken away',
    'src/metastore/redis',
    "first or redis.call('HGET', KEY, 'sweep') == NONCE",
    'true',
    [CONTRACT, '† nor one between two pages'],
  ),
];
