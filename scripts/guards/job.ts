/** Guards of external jobs: what an attempt decides, and in which order it writes. */
import type { Guard } from './guard.ts';

const RULES = 'test/integration/job-rules.test.ts';
const ENDS = 'test/integration/job-ends.test.ts';
const DECISION = 'test/unit/job/protocol/decision.test.ts';
const RECORD = 'test/unit/format/record.test.ts';

/** In the order in which an attempt meets them. */
export const JOB_GUARDS: readonly Guard[] = [
  {
    name: '† a nonce for every run',
    file: 'src/job/attempt/attempt.ts',
    remove: { text: "const nonce = drawNonce('attempt', core.random);", by: "const nonce = 'a000000000000000'; void drawNonce;" },
    test: { file: RULES, name: 'of two runs with one fence the later one is refused' },
  },
  {
    name: "the task's fence guards its items",
    file: 'src/job/protocol/item-index.ts',
    remove: { text: "if (reply.kind === 'stale') throw", by: "if (reply.kind === 'stale' && !scope) throw" },
    test: { file: ENDS, name: 'an item that begins submits nothing once a newer attempt has taken the task' },
  },
  {
    name: 'an item is listed after its write-ahead',
    file: 'src/job/protocol/send.ts',
    remove: {
      text: 'const reply = await writeAhead(run, plan, basis);',
      by: 'await run.items(run.own.scope);\n  const reply = await writeAhead(run, plan, basis);',
    },
    test: { file: ENDS, name: 'finds the record of an item as soon as the item is listed' },
  },
  {
    name: '† draw, then prove',
    file: 'src/job/attempt/owned-scope.ts',
    remove: {
      text: 'return proof.value ? drawn : undefined;',
      by: 'return proof.value ? core.metastore.draw(address, {}) : drawn && undefined;',
    },
    test: { file: RULES, name: 'a fence that was drawn and proven before a newer attempt began is refused' },
  },
  {
    name: '† a fence is proven before it is installed',
    file: 'src/job/attempt/owned-scope.ts',
    remove: { text: 'return proof.value ? drawn : undefined;', by: 'return drawn;' },
    test: { file: RULES, name: 'a proof that fails after the draw installs nothing' },
  },
  {
    name: '† a note of lost state is for every attempt',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'if (facts.lostAt === undefined) return', by: 'if (facts.lostAt === undefined || facts.first) return' },
    test: { file: RULES, name: 'the note stays with the fence' },
  },
  {
    name: '† findable: wait before find',
    file: 'src/job/protocol/decision.ts',
    remove: { text: "{ way: 'search', waitUntil: settledAt }", by: "{ way: 'search', waitUntil: undefined }" },
    test: { file: RULES, name: 'findable: waits for the recorded deadline' },
  },
  {
    name: '† keyed: the window outlasts the new deadline',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'if (now + submitTimeout < keyedUntil) return', by: 'if (now < keyedUntil) return' },
    test: { file: DECISION, name: 'keyed: only while the window' },
  },
  {
    name: '† keyed: the window is looked at again after the write',
    file: 'src/job/protocol/send.ts',
    remove: {
      text: "if (plan.way === 'resend' && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) {",
      by: "if (plan.way === 'resend' && mine.updatedAt < 0) {",
    },
    test: { file: RULES, name: 'keyed: what decided on time and wrote too late' },
  },
  {
    name: '† keyed: after a loss the window counts from the creation of the job',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'const since = facts.createdAt;', by: 'const since = facts.now;' },
    test: { file: RULES, name: 'as long as its window, from the creation of the job' },
  },
  {
    name: '† the fingerprint is in the key',
    file: 'src/format/idempotency-key.ts',
    remove: { text: 'fingerprint ?? null', by: 'fingerprint && null' },
    test: { file: RULES, name: 'the fingerprint is in the key' },
  },
  {
    name: '† the incarnation of the job is in the key',
    file: 'src/format/idempotency-key.ts',
    remove: { text: 'submission, createdAt, fingerprint ?? null', by: 'submission, createdAt && 0, fingerprint ?? null' },
    test: { file: RECORD, name: 'differs wherever one part of the identity differs' },
  },
  {
    name: '† state found lost: the attempt begins again as a later one',
    file: 'src/job/attempt/owned-scope.ts',
    remove: { text: 'await begin(writer.fence, false, [name])', by: 'await begin(writer.fence, attempt.first, [name])' },
    test: { file: RULES, name: 'found out while an attempt writes ahead' },
  },
  {
    name: '† findable: only a first attempt may skip find',
    file: 'src/job/attempt/owned-scope.ts',
    remove: { text: 'first &&= again.held === true;', by: '' },
    test: { file: RULES, name: 'the second is looked for first' },
  },
  {
    name: '† an unresolved send is repeated with its stored key',
    file: 'src/job/protocol/decision.ts',
    remove: {
      text: 'const { submission, idempotencyKey, previous } = record;\n  const firstSentAt',
      by: 'const { submission, previous } = record;\n  const idempotencyKey = facts.keyOf(submission);\n  const firstSentAt',
    },
    test: { file: DECISION, name: 'keyed: only while the window' },
  },
  {
    name: '† findable: a later attempt looks before it submits',
    file: 'src/job/protocol/decision.ts',
    remove: { text: "way: looks ? 'search' : 'first',", by: "way: looks ? 'first' : 'first'," },
    test: { file: DECISION, name: 'later attempt, findable: find, else submit' },
  },
  {
    name: '† plain: no question to a person before the deadline has passed',
    file: 'src/job/protocol/resumable-job.ts',
    remove: { text: 'if (lost.waitUntil !== undefined) await waitUntil(run, lost.waitUntil);', by: '' },
    test: { file: RULES, name: 'plain: waits for the deadline and reads again' },
  },
  {
    name: '† no submit after the submit timeout',
    file: 'src/job/protocol/send.ts',
    remove: {
      text: 'if (left <= 0) throw new NotSubmittedError(',
      by: 'if (left <= -Infinity) throw new NotSubmittedError(',
    },
    test: { file: RULES, name: '† the submit timeout' },
  },
  {
    name: '† only who opened a submission withdraws it',
    file: 'src/job/protocol/send.ts',
    remove: { text: "if (plan.before === 'unresolved' && !refusal?.newKey) return;", by: '' },
    test: { file: RULES, name: 'of one that an earlier attempt opened leaves it unresolved' },
  },
  {
    name: '† NotSubmittedError withdraws',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'if (isRefusal(error)) await withdraw(', by: 'if (!isMooringError(error)) await withdraw(' },
    test: { file: RULES, name: 'of a submission that this attempt opened leaves none' },
  },
  {
    name: '† a write-ahead without an answer is taken back',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'await withdraw(run, plan, { version: writeIdText(id) });', by: ';' },
    test: { file: RULES, name: 'of a write-ahead without an answer' },
  },
  {
    name: '† any other error of submit leaves it unresolved',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'if (isRefusal(error)) await withdraw(', by: 'await withdraw(' },
    test: { file: RULES, name: 'any other error leaves the submission unresolved' },
  },
  {
    name: '† the old ID, or the unresolved key, moves to the earlier ones',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'const previous = withCurrent(record);', by: 'const previous = record.previous;' },
    test: { file: DECISION, name: 'opening a submission moves the old ID' },
  },
  {
    name: '† a job that its attempt cannot record is an orphan',
    file: 'src/job/protocol/persist.ts',
    remove: { text: '  if (job) await listOrphan(run, job);\n', by: '' },
    test: { file: RULES, name: 'a record that holds another ID keeps it' },
  },
  {
    name: '† whoever writes a failure down throws it',
    file: 'src/job/protocol/finish.ts',
    remove: { text: '  run.life.fail(error);\n  throw error;\n', by: '  void error;\n' },
    test: { file: 'test/integration/job-conformance.test.ts', name: 'is submitted again by the next attempt' },
  },
  {
    name: 'the pause between submissions grows',
    file: 'src/job/protocol/decision.ts',
    remove: {
      text: 'return nextSubmission(record, system, facts, { notBefore:',
      by: 'return nextSubmission(record, system, facts); void ({ notBefore:',
    },
    test: { file: RULES, name: 'the pause before the next submission doubles with each' },
  },
  {
    name: 'an attempt that wrote a failure down is not released',
    file: 'src/job/attempt/waiting.ts',
    remove: { text: ' && !life.failure()', by: '' },
    test: { file: ENDS, name: 'keeps the attempt from being released beside it' },
  },
  {
    name: 'a finished record of another job is not this one’s result',
    file: 'src/job/protocol/decision.ts',
    remove: { text: '(job !== undefined && job !== facts.job && endedBy !== facts.job)', by: 'job === null' },
    test: { file: DECISION, name: 'that shares the scope is not this one’s result' },
  },
  {
    name: 'a first attempt has no result yet',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'return facts.surelyFirst || ', by: 'return ' },
    test: { file: DECISION, name: 'which the first attempt of a job finds' },
  },
  {
    name: '† what this very attempt wrote is its own',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'if (parseWriteId(version)?.nonce === facts.nonce) return false;', by: 'void version;' },
    test: { file: DECISION, name: 'is none that this very attempt wrote' },
  },
  {
    name: '† the job that another input replaces is an orphan at once',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'const replaces = replacedBy(plan, basis);', by: 'const replaces = undefined;\n  void replacedBy;' },
    test: { file: ENDS, name: 'is an orphan, if the attempt is killed in G5' },
  },
  {
    name: 'an ID that comes late is written down',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'void reply?.then((id) => recordLate(run, mine, id))', by: 'void recordLate;\n    void reply' },
    test: { file: ENDS, name: 'is told as an error, and written down while the record is still ours' },
    hangs: true,
  },
  {
    name: 'a key that was refused twice is given up',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'retryAfter === undefined && times > 1', by: 'retryAfter === undefined && times > 99' },
    test: { file: ENDS, name: 'is not refused for ever by its key' },
  },
  {
    name: '† a key that somebody sent before is kept',
    file: 'src/job/protocol/send.ts',
    remove: { text: 'newKey ?? (firstSentAt === undefined && ', by: 'newKey ?? (' },
    test: { file: ENDS, name: 'of a key that may have been sent before the state was lost keeps it' },
  },
  {
    name: 'a release waits for operations of state',
    file: 'src/job/attempt/context.ts',
    remove: { text: 'life.watch(during(parts, operation))', by: 'life.watch(operation())' },
    test: { file: ENDS, name: 'waits for a getOrSet() that is going on' },
  },
  {
    name: 'a promise that nobody listens to does not end the process',
    file: 'src/job/attempt/lifecycle.ts',
    remove: { text: '    work.catch(() => (interrupted', by: '    void work.then(() => (interrupted' },
    test: { file: ENDS, name: 'two runs that are awaited one after the other do not end the process' },
  },
  {
    name: '† only a first attempt says that no state was used',
    file: 'src/job/attempt/owned-scope.ts',
    remove: { text: 'if (taken || !attempt.first) return;', by: 'if (taken) return;' },
    test: { file: ENDS, name: 'that was not the first hides no loss' },
  },
  {
    name: 'cancelling uses the very object that submitted',
    file: 'src/job/operator/cancel-recorded.ts',
    remove: {
      text: 'return usedJob(core, path, name) ?? named;',
      by: 'return named ?? [...core.usedJobs.values()].at(-1) as AnyJob;',
    },
    test: { file: ENDS, name: 'gives each job to the object that submitted it' },
  },
  {
    name: '† an attempt that has sent opens no second submission',
    file: 'src/job/protocol/resumable-job.ts',
    remove: {
      text: "if (record?.letter === 'f' && run.own.sent.has(run.options.recordName)) throw failure(run, record);",
      by: '',
    },
    test: { file: RULES, name: 'an attempt that has sent opens no second submission' },
    hangs: true,
  },
  {
    name: '† nothing is cleared inside an attempt',
    file: 'src/job/protocol/finish.ts',
    remove: { text: "  await at(run, 'G11');\n", by: "  await at(run, 'G11');\n  await run.own.settle(1);\n" },
    test: { file: RULES, name: 'nothing is cleared inside an attempt' },
  },
  {
    name: 'the pause after a failure, where state was lost',
    file: 'src/job/protocol/decision.ts',
    remove: { text: 'waitUntil: latest(notBefore, again.waitUntil)', by: 'waitUntil: latest(again.waitUntil)' },
    test: { file: DECISION, name: 'failed, state lost: not before the pause either' },
  },
  {
    name: 'a task of items hears that somebody asked to cancel it',
    file: 'src/job/attempt/owned-scope.ts',
    remove: { text: 'const heard = home?.writer();', by: 'const heard = undefined as Promise<unknown> | undefined;' },
    test: { file: ENDS, name: 'reaches an attempt whose items only reconnect' },
  },
  {
    name: 'a failure that may have been written down is counted',
    file: 'src/job/protocol/finish.ts',
    remove: {
      text: "outage.code === 'mooring.outcome-unknown') run.life.fail(error);",
      by: "outage.code === 'mooring.outcome-unknown') void 0;",
    },
    test: { file: ENDS, name: 'is known too, if nobody knows whether it was written down' },
  },
  {
    name: 'a slow write-ahead is an outage',
    file: 'src/job/protocol/send.ts',
    remove: {
      text: 'if (elapsed() >= options.submitTimeout) throw new StoreUnavailableError(',
      by: 'if (elapsed() >= Infinity) throw new StoreUnavailableError(',
    },
    test: { file: RULES, name: '† the submit timeout' },
  },
];
