/** The same rules in the scripts that a real Redis runs. */
import type { Guard } from './guard.ts';

const CONTRACT = 'test/integration/redis-contract.test.ts';
const LUA = 'src/metastore/redis/lua';
const SCOPE = `${LUA}/scope.ts`;
const CHANGE = `${LUA}/change.ts`;
const WRITE = `${LUA}/values/write.ts`;
const RECORD = `${LUA}/records/write-record.ts`;
const BEGIN = `${LUA}/records/begin.ts`;
const FIELDS = `${LUA}/sweep/fields.ts`;
const PAGE = `${LUA}/sweep/page.ts`;

const on = (name: string): Guard['test'] => ({ file: CONTRACT, name });

/** Values, fences and records, then a sweep. */
export const REDIS_GUARDS: readonly Guard[] = [
  {
    name: 'Redis: I2 a command that a script may not run comes after others',
    file: 'src/metastore/redis/errors.ts',
    remove: { text: 'return failure.writes\n      ? noAnswer', by: 'return !failure.writes\n      ? noAnswer' },
    test: { file: 'test/unit/metastore/redis/errors.test.ts', name: 'I2 a command that a script may not run' },
  },
  {
    name: 'Redis: ready() misses what a later write would',
    file: `${LUA}/operators/trial.ts`,
    remove: { text: "redis.call('ZADD', DUE, 'XX', 'LT', 0, 'trial')\n", by: '' },
    test: { file: 'test/integration/redis-acl.test.ts', name: 'are missed by ready()' },
  },
  {
    name: 'Redis: I8 the end of a value',
    file: `${LUA}/script.ts`,
    remove: { text: ' and not (expires and expires <= now)', by: '' },
    test: on('C59 I8 an expired value is absent'),
  },
  {
    name: 'Redis: I4 † an overwritten object goes on the list in the same step',
    file: CHANGE,
    remove: { text: '  supersede(text, object)\n', by: '' },
    test: on('the object of an overwritten value goes on the list'),
  },
  {
    name: 'Redis: I4 what is superseded keeps the scope for a sweep',
    file: SCOPE,
    remove: { text: '  due(now + ${GRACE})\n  keep(now + ${SWEEP_TIME})', by: '  due(now + ${GRACE})' },
    test: on('a superseded object is known for a week'),
  },
  {
    name: 'Redis: I4 a reference keeps the scope for a sweep',
    file: CHANGE,
    remove: { text: '  if gone ~= ${NEVER} then keep(math.min(gone + ${SWEEP_TIME}, ${NEVER} - 1)) end\n', by: '' },
    test: on('a scope with a reference is kept a week longer'),
  },
  {
    name: 'Redis: † the tombstone of a deleted value',
    file: SCOPE,
    remove: {
      text: "  put('e:' .. name, ${head(LETTER.tombstone, 'id', 'instant(now)', 'gone')})\n",
      by: "  drop('e:' .. name)\n",
    },
    test: on('does not bring back a deleted value'),
  },
  {
    name: 'Redis: † a time that is set while a sweep goes on takes its nonce away',
    file: SCOPE,
    remove: { text: "  if dueAt then drop('sweep') end\n", by: '' },
    test: on('† a time that is set while the sweep goes on is not lost'),
  },
  {
    name: 'Redis: † the same write ID is answered as the first time',
    file: WRITE,
    remove: { text: 'if text and text:sub(${AT.version}) == ID then', by: 'if text and ID == nil then' },
    test: on('is recognised before the fence is looked at'),
  },
  {
    name: 'Redis: I3 the fence on values',
    file: WRITE,
    remove: { text: 'if fenced then\n  if isReplaced', by: 'if fenced and not ID then\n  if isReplaced' },
    test: on('the newest attempt holds the fence'),
  },
  {
    name: 'Redis: † the sequence: a late copy of an older write of the same run',
    file: WRITE,
    remove: { text: "  if text and laterOwn(text) then return answer('old') end\n", by: '' },
    test: on('of an older write of the same run does not overwrite'),
  },
  {
    name: 'Redis: † lateness: a write is refused long after it began',
    file: WRITE,
    remove: { text: "if now - BEGAN > ${LATENESS} then return answer('late') end\n", by: '' },
    test: on('that began longer ago than the lateness limit'),
  },
  {
    name: 'Redis: † a begin by another run of the same attempt',
    file: BEGIN,
    remove: {
      text: 'if isReplaced(FENCE, NONCE) then return stale() end\n',
      by: 'if held and held:sub(1, 24) > FENCE then return stale() end\n',
    },
    test: on('two runs of one attempt are told apart by their nonce'),
  },
  {
    name: 'Redis: † lost state is noted',
    file: BEGIN,
    remove: { text: "  put('lost', lost)\n", by: '' },
    test: on('stays noted for every attempt, as long as the fence'),
  },
  {
    name: 'Redis: I3 † a record by an attempt that was replaced',
    file: RECORD,
    remove: { text: '  if isReplaced(fence, nonce) then return stale() end\n', by: '' },
    test: on('an attempt that was replaced cannot open a submission'),
  },
  {
    name: 'Redis: † a record: a late copy of an older write',
    file: RECORD,
    remove: { text: "  if text and laterOwn(text) then return answer('old') end\n", by: '' },
    test: on('a late copy of an older write of this attempt does not take the record back'),
  },
  {
    name: 'Redis: I8 † removal checks the end of a value again in its step',
    file: FIELDS,
    remove: { text: 'if ended or expires and expires <= now then', by: 'if ended or expires and expires < ${NEVER} then' },
    test: on('† I8 checks again in its step'),
  },
  {
    name: 'Redis: I4 † a sweep supersedes the objects of what it removes in the same step',
    file: PAGE,
    remove: { text: '    supersede(text, nil)\n    later(now + grace)', by: '    later(now + grace)' },
    test: on('and supersedes their objects in the same step'),
  },
  {
    name: 'Redis: I5 † a superseded object that the entry refers to again is never named',
    file: FIELDS,
    remove: { text: 'elseif not isReferredTo(name) then', by: 'else' },
    test: on('† I5 never names a superseded object that the entry refers to again'),
  },
  {
    name: 'Redis: I5 an object is named after the grace only',
    file: FIELDS,
    remove: { text: 'if since + grace > now then', by: 'if since > now then' },
    test: on('names an object only after the grace'),
  },
  {
    name: 'Redis: I4 what is on the superseded list keeps the scope',
    file: FIELDS,
    remove: { text: '      keep(math.max(since + grace, now) + ${SWEEP_TIME})\n', by: '' },
    test: on('stays on the list, and keeps the scope, for as long as it is swept'),
  },
  {
    name: 'Redis: † the end of a sweep changes the index only with its nonce',
    file: `${LUA}/sweep/end.ts`,
    remove: {
      text: "if there and redis.call('HGET', KEY, 'sweep') ~= NONCE then return answer('ok') end\n",
      by: '',
    },
    test: on('of a sweep that another one has overtaken changes nothing'),
  },
  {
    name: 'Redis: † a page brings no nonce back that was taken away',
    file: PAGE,
    remove: { text: "local mine = first or redis.call('HGET', KEY, 'sweep') == NONCE", by: 'local mine = true' },
    test: on('† nor one between two pages'),
  },
];
