import { guard, type Guard } from './guard.ts';

/** Guards of external jobs: what an attempt decides, and in which order it writes. */

const RULES = 'test/integration/job-rules.test.ts';
const ENDS = 'test/integration/job-ends.test.ts';
const SYSTEM = 'test/integration/job-external-system.test.ts';
const DECISION = 'test/unit/job/protocol/decision.test.ts';
const RECORD = 'test/unit/format/record.test.ts';
const STATUS = 'test/unit/job/status.test.ts';
const RETRY_AFTER = 'test/unit/model/retry-after.test.ts';
const JOB_CONFORMANCE = 'test/integration/job-conformance.test.ts';

/** In the order in which an attempt meets them. */
export const JOB_GUARDS: readonly Guard[] = [
  guard('† a nonce for every run', 'src/job', "drawNonce('attempt', core.random)", "'a000000000000000'; void drawNonce", [
    RULES,
    'of two runs with one fence the later one is refused',
  ]),
  guard(
    "the task's fence guards its items",
    'src/job',
    "reply.kind === 'stale') throw",
    "reply.kind === 'stale' && !scope) throw",
    [ENDS, 'an item that begins submits nothing once a newer attempt has taken the task'],
  ),
  guard(
    'an item is listed after its write-ahead',
    'src/job',
    'const reply = await writeAhead',
    'await run.items(run.own.scope);\n  const reply = await writeAhead',
    [ENDS, 'finds the record of an item as soon as the item is listed'],
  ),
  guard(
    '† draw, then prove',
    'src/job',
    '? drawn : undefined',
    '? core.metastore.fences.draw(address, {}) : drawn && undefined',
    [RULES, 'a fence that was drawn and proven before a newer attempt began is refused'],
  ),
  guard('† a fence is proven before it is installed', 'src/job', 'proof.value ? drawn : undefined', 'drawn', [
    RULES,
    'a proof that fails after the draw installs nothing',
  ]),
  guard(
    '† a note of lost state is for every attempt',
    'src/job',
    'lostAt === undefined) return',
    'lostAt === undefined || facts.first) return',
    [RULES, 'the note stays with the fence'],
  ),
  guard('† findable: wait before find', 'src/job', 'waitUntil: settledAt,', 'waitUntil: undefined,', [
    RULES,
    'findable: waits for the recorded deadline',
  ]),
  guard('† keyed: the window outlasts the new deadline', 'src/job', 'now + submitTimeout <', 'now <', [
    DECISION,
    'keyed: only while the window',
  ]),
  guard(
    '† keyed: the window is looked at again after the write',
    'src/job',
    '+ options.submitTimeout >= plan.keyedUntil',
    '< 0',
    [RULES, 'keyed: what decided on time and wrote too late'],
  ),
  guard('† keyed: after a loss the window counts from the creation of the job', 'src/job', 'facts.createdAt;', 'facts.now;', [
    RULES,
    'as long as its window, from the creation of the job',
  ]),
  guard('† the fingerprint is in the key', 'src/format', 'fingerprint ?? null', 'fingerprint && null', [
    RULES,
    'the fingerprint is in the key',
  ]),
  guard(
    '† the incarnation of the job is in the key',
    'src/format',
    'submission, createdAt, fingerprint ?',
    'submission, createdAt && 0, fingerprint ?',
    [RECORD, 'differs wherever one part of the identity differs'],
  ),
  guard(
    '† state found lost: the attempt begins again as a later one',
    'src/job',
    '.fence, false, [name',
    '.fence, attempt.first, [name',
    [RULES, 'found out while an attempt writes ahead'],
  ),
  guard('† findable: only a first attempt may skip find', 'src/job', 'first &&= again.held === true;', '', [
    RULES,
    'the second is looked for first',
  ]),
  guard(
    '† an unresolved send is repeated with its stored key',
    'src/job',
    'idempotencyKey, previous } = record',
    'previous } = record;\n  const idempotencyKey = facts.keyOf(submission)',
    [DECISION, 'keyed: only while the window'],
  ),
  guard('† findable: a later attempt looks before it submits', 'src/job', '...(looks ?', '...(false ?', [
    DECISION,
    'later attempt, findable: find, else submit',
  ]),
  guard(
    '† plain: no question to a person before the deadline has passed',
    'src/job',
    'if (lost.waitUntil !== undefined) await waitUntil(run, lost.waitUntil);',
    '',
    [RULES, 'plain: the ID of an attempt that was only slow is used'],
  ),
  guard('† no submit after the submit timeout', 'src/job', 'left <= 0) throw new', 'left <= -Infinity) throw new', [
    RULES,
    '† the submit timeout',
  ]),
  guard(
    '† only who opened a submission withdraws it',
    'src/job',
    "if (plan.before === 'unresolved' && !refusal?.newKey) return;",
    '',
    [RULES, 'of one that an earlier attempt opened leaves it unresolved'],
  ),
  guard('† NotSubmittedError withdraws', 'src/job', 'if (isRefusal(error)) return', 'if (isKnownKey(error)) return', [
    RULES,
    'of a submission that this attempt opened leaves none',
  ]),
  guard(
    '† a write-ahead without an answer is taken back',
    'src/job',
    'await withdraw(run, plan, { version: writeIdText(id) })',
    '',
    [RULES, 'of a write-ahead without an answer'],
  ),
  guard(
    '† any other error of submit leaves it unresolved',
    'src/job',
    'if (isRefusal(error)) return',
    'if (isRefusal(error) || true) return',
    [RULES, 'any other error leaves the submission unresolved'],
  ),
  guard('† the old ID, or the unresolved key, moves to the earlier ones', 'src/job', 'withCurrent(record)', 'record.previous', [
    DECISION,
    'opening a submission moves the old ID',
  ]),
  guard('† a job that its attempt cannot record is an orphan', 'src/job', 'if (job) await listOrphan(run, job);', '', [
    RULES,
    'a record that holds another ID keeps it',
  ]),
  guard('† whoever writes a failure down throws it', 'src/job', 'run.life.fail(error); throw error;', 'void error;', [
    JOB_CONFORMANCE,
    'is submitted again by the next attempt',
  ]),
  guard('the pause between submissions grows', 'src/job', ', facts, { notBefore', ', facts); void ({ notBefore', [
    RULES,
    'the pause before the next submission doubles with each',
  ]),
  guard('an attempt that wrote a failure down is not released', 'src/job', '&& !life.failure()', '', [
    ENDS,
    'keeps the attempt from being released meanwhile',
  ]),
  guard(
    'a finished record of another job is not this one’s result',
    'src/job',
    '(job !== undefined && job !== facts.job && endedBy !== facts.job)',
    'job === null',
    [DECISION, 'that shares the scope is not this one’s result'],
  ),
  guard('a first attempt has no result yet', 'src/job', 'return facts.surelyFirst ||', 'return', [
    DECISION,
    'which the first attempt of a job finds',
  ]),
  guard(
    '† what this very attempt wrote is its own',
    'src/job',
    'if (parseWriteId(version)?.nonce === facts.nonce) return false',
    'void version',
    [DECISION, 'is none that this very attempt wrote'],
  ),
  guard(
    '† the job that another input replaces is an orphan at once',
    'src/job',
    'replacedBy(plan, basis)',
    'undefined;\n  void replacedBy',
    [ENDS, 'is an orphan, if the attempt is killed in G5'],
  ),
  guard('† an empty search counts while the job would be shown', 'src/job', 'now >= plan.shownUntil', 'false', [
    SYSTEM,
    'that answers only after that time is ambiguous too',
  ]),
  guard('† a search that cannot know is no empty search', 'src/job', "seen === 'unclear' ||", "seen === 'unclear' && false ||", [
    SYSTEM,
    'that cannot know makes no second job',
  ]),
  guard('† a search goes before a key that is sent again', 'src/job', "plan.way === 'resend' && options.findable", 'false', [
    SYSTEM,
    'what a person deleted is not made again',
  ]),
  guard(
    '† a refusal of a repeated key says nothing of the first request',
    'src/job',
    'await findEarlier(run, mine)',
    'undefined; void findEarlier',
    [SYSTEM, 'says nothing of the first request: the job is looked for'],
  ),
  guard('† a key that exists is verified', 'src/job', "status.state === 'missing' || status.state === 'unknown'", 'false', [
    SYSTEM,
    'is not believed if the external system knows no such job',
  ]),
  guard(
    '† a job is marked as given up before it is cancelled',
    'src/job',
    'await rewrite(run, record, { ...fieldsOf(record), gaveUp: true })',
    '{ ...record, gaveUp: true as const }',
    [SYSTEM, 'goes on after a kill between the cancel and the record'],
  ),
  guard(
    '† a job that was given up is looked at after the cancel',
    'src/job',
    "if (status.state === 'succeeded') return { status, record };",
    '',
    [SYSTEM, 'returns the result of a job that succeeded before the cancel arrived'],
  ),
  guard(
    '† no submission follows a job that could not be cancelled',
    'src/job',
    "if (typeof end === 'object' && status.state === 'active') {",
    'if (false) {',
    [SYSTEM, 'submits no second job while the first could not be cancelled'],
  ),
  guard("a person's answer for a lost submit ends the question", 'src/job', "|| plan.before === 'known'", '', [
    SYSTEM,
    'leaves it to the person who has answered for a lost submit',
  ]),
  guard('a record is kept alive however rare the polls are', 'src/job', 'Math.min(REFRESH_AFTER, ', 'Math.min(', [
    SYSTEM,
    'a poll comes before the record has to be kept alive again',
  ]),
  guard('a repeat never waits for a search', 'src/job', 'throw repeating.error', 'void repeating', [
    SYSTEM,
    'no release goes round without costing an attempt',
  ]),
  guard('a job of another input is cancelled after a failed send too', 'src/job', ': position.replaces;', ': undefined;', [
    SYSTEM,
    'cancels the job of another input once its successor is sent',
  ]),
  guard(
    'an unknown status after a cancel is no failure',
    'src/job',
    "if (status.state === 'unknown') {\n    throw",
    "if (status.state === 'unknown' && false) {\n    throw",
    [SYSTEM, 'records no failure while nobody can tell'],
  ),
  guard('a job that is over is not cancelled', 'src/job', 'if (await hasEnded(core, job, cancelled, input)) {', 'if (false) {', [
    SYSTEM,
    'leaves a job alone that is over',
  ]),
  guard(
    'an ID that comes late is written down',
    'src/job',
    'void reply?.then(late)',
    'void late, void reply',
    [ENDS, 'is written down while the record is still ours'],
    { hangs: true },
  ),
  guard('a key that was refused twice is given up', 'src/job', 'undefined && times > 1', 'undefined && times > 99', [
    ENDS,
    'is not refused for ever by its key',
  ]),
  guard('† a key that somebody sent before is kept', 'src/job', 'newKey ?? (firstSentAt === undefined &&', 'newKey ?? (', [
    ENDS,
    'of a key that may have been sent before the state was lost keeps it',
  ]),
  guard('a release waits for operations of state', 'src/job', 'during(parts, operation', 'operation(', [
    ENDS,
    'waits for a getOrSet() that is going on',
  ]),
  guard(
    'a promise that nobody listens to does not end the process',
    'src/job',
    'work.catch(() => (interrupted',
    'void work.then(() => (interrupted',
    [ENDS, 'two runs that are awaited one after the other do not end the process'],
  ),
  guard('† only a first attempt says that no state was used', 'src/job', 'taken || !attempt.first', 'taken', [
    ENDS,
    'that was not the first hides no loss',
  ]),
  guard(
    'cancelling uses the very object that submitted',
    'src/job',
    'usedJob(core, path, name) ?? named',
    'named ?? [...core.usedJobs.values()].at(-1) as AnyJob',
    [ENDS, 'gives each job to the object that submitted it'],
  ),
  guard(
    '† an attempt that has sent opens no second submission',
    'src/job',
    "if (record?.letter === 'f' && run.own.sent.has(run.options.recordName)) throw failure(run, record);",
    '',
    [RULES, 'an attempt that has sent opens no second submission'],
    { hangs: true },
  ),
  guard(
    '† nothing is cleared inside an attempt',
    'src/job',
    "await at(run, 'G11');",
    "await at(run, 'G11');\n  await run.own.settle(1);",
    [RULES, 'nothing is cleared inside an attempt'],
  ),
  guard('the pause after a failure, where state was lost', 'src/job', '(notBefore, again', '(again', [
    DECISION,
    'failed, state lost: not before the pause either',
  ]),
  guard(
    'a task of items hears that somebody asked to cancel it',
    'src/job',
    'Promise.resolve(home?.writer());',
    'Promise.resolve();',
    [ENDS, 'reaches an attempt whose items only reconnect'],
  ),
  guard('a failure that may have been written down is counted', 'src/job', ') run.life.fail(error);', ') void 0;', [
    ENDS,
    'is known too, if nobody knows whether it was written down',
  ]),
  guard('a slow write-ahead is an outage', 'src/job', '= options.submitTimeout)', '= Infinity)', [RULES, '† the submit timeout']),
  guard('a job that a person stopped is not answered with a new one', 'src/job', ': stopped, retryable: false }', ': stopped }', [
    STATUS,
    'a job that a person stopped has failed for good',
  ]),
  guard('a system that always says 0 is not asked without a pause', 'src/model', 'Math.max(SHORTEST, ms)', 'Math.max(1, ms)', [
    RETRY_AFTER,
    'is a second, if the header',
  ]),
  guard('a mistaken header stops a job for a day at most', 'src/model', 'Math.min(LONGEST, ', 'Math.min(Number.MAX_VALUE, ', [
    RETRY_AFTER,
    'is a day, if the header',
  ]),
  guard('a name of another shape is made of a key alone', 'src/format', 'KEY.test(key)) return', 'key !== null) return', [
    'test/unit/format/key-shapes.test.ts',
    'a key of somebody else',
  ]),
];
