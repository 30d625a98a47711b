/** Guards of external jobs: what an attempt decides, and in which order it writes. */
import type { Guard } from './guard.ts';

const RULES = 'test/integration/job-rules.test.ts';
const DECISION = 'test/unit/job/decision.test.ts';
const RECORD = 'test/unit/job/record.test.ts';

/** In the order in which an attempt meets them. */
export const JOB_GUARDS: readonly Guard[] = [
  {
    name: '† a nonce for every run',
    file: 'src/job/attempt.ts',
    remove: { text: "const nonce = drawNonce('attempt', core.random);", by: "const nonce = 'a000000000000000'; void drawNonce;" },
    test: { file: RULES, name: 'of two runs with one fence the later one is refused' },
  },
  {
    name: '† draw, then prove',
    file: 'src/job/owned-scope.ts',
    remove: {
      text: 'return proof.value ? drawn : undefined;',
      by: 'return proof.value ? core.metastore.draw(address, {}) : drawn && undefined;',
    },
    test: { file: RULES, name: 'a fence that was drawn and proven before a newer attempt began is refused' },
  },
  {
    name: '† a fence is proven before it is installed',
    file: 'src/job/owned-scope.ts',
    remove: { text: 'return proof.value ? drawn : undefined;', by: 'return drawn;' },
    test: { file: RULES, name: 'a proof that fails after the draw installs nothing' },
  },
  {
    name: '† a note of lost state is for every attempt',
    file: 'src/job/decision.ts',
    remove: { text: 'if (facts.lostAt === undefined) return', by: 'if (facts.lostAt === undefined || facts.first) return' },
    test: { file: RULES, name: 'the note stays with the fence' },
  },
  {
    name: '† findable: wait before find',
    file: 'src/job/decision.ts',
    remove: { text: 'return far.findable ? { waitUntil: settledAt,', by: 'return far.findable ? { waitUntil: undefined,' },
    test: { file: RULES, name: 'findable: waits for the recorded deadline' },
  },
  {
    name: '† keyed: the window outlasts the new deadline',
    file: 'src/job/decision.ts',
    remove: { text: 'keyedUntil !== undefined && now + far.submitTimeout < keyedUntil', by: 'keyedUntil !== undefined' },
    test: { file: DECISION, name: 'keyed: only while the window' },
  },
  {
    name: '† keyed: the window is looked at again after the write',
    file: 'src/job/send.ts',
    remove: {
      text: "if (plan.keyedUntil !== undefined && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) return { kind: 'late' };",
      by: '',
    },
    test: { file: RULES, name: 'keyed: what decided on time and wrote too late' },
  },
  {
    name: '† keyed: after a loss the window counts from the creation of the job',
    file: 'src/job/decision.ts',
    remove: { text: 'const since = facts.createdAt;', by: 'const since = facts.now;' },
    test: { file: RULES, name: 'as long as its window, from the creation of the job' },
  },
  {
    name: '† the fingerprint is in the key',
    file: 'src/job/idempotency-key.ts',
    remove: { text: 'fingerprint ?? null', by: 'fingerprint && null' },
    test: { file: RULES, name: 'the fingerprint is in the key' },
  },
  {
    name: '† the incarnation of the job is in the key',
    file: 'src/job/idempotency-key.ts',
    remove: { text: 'submission, createdAt, fingerprint ?? null', by: 'submission, createdAt && 0, fingerprint ?? null' },
    test: { file: RECORD, name: 'differs wherever one part of the identity differs' },
  },
  {
    name: '† state found lost: the attempt begins again as a later one',
    file: 'src/job/owned-scope.ts',
    remove: { text: 'await begin(writer.fence, false, [name])', by: 'await begin(writer.fence, attempt.first, [name])' },
    test: { file: RULES, name: 'found out while an attempt writes ahead' },
  },
  {
    name: '† findable: only a first attempt may skip find',
    file: 'src/job/owned-scope.ts',
    remove: { text: 'first &&= again.held === true;', by: '' },
    test: { file: RULES, name: 'the second is looked for first' },
  },
  {
    name: '† an unresolved send is repeated with its stored key',
    file: 'src/job/decision.ts',
    remove: {
      text: 'const { submission, idempotencyKey, previous } = record;\n  const since',
      by: 'const { submission, previous } = record;\n  const idempotencyKey = facts.keyOf(submission);\n  const since',
    },
    test: { file: DECISION, name: 'keyed: only while the window' },
  },
  {
    name: '† findable: a later attempt looks before it submits',
    file: 'src/job/decision.ts',
    remove: { text: 'find: far.idempotentFor === undefined && far.findable && !facts.first,', by: 'find: false,' },
    test: { file: DECISION, name: 'later attempt, findable: find, else submit' },
  },
  {
    name: '† plain: no question to a person before the deadline has passed',
    file: 'src/job/resumable-job.ts',
    remove: { text: 'if (lost.waitUntil !== undefined) await waitUntil(run, lost.waitUntil);', by: '' },
    test: { file: RULES, name: 'plain: waits for the deadline and reads again' },
  },
  {
    name: '† no submit after the submit timeout',
    file: 'src/job/send.ts',
    remove: { text: "if (left > 0) return { kind: 'go', left };", by: "if (left > -Infinity) return { kind: 'go', left };" },
    test: { file: RULES, name: '† the submit timeout' },
  },
  {
    name: '† only who opened a submission withdraws it',
    file: 'src/job/send.ts',
    remove: { text: 'if (!plan.opened) return;', by: '' },
    test: { file: RULES, name: 'of one that an earlier attempt opened leaves it unresolved' },
  },
  {
    name: '† NotSubmittedError withdraws',
    file: 'src/job/send.ts',
    remove: { text: 'await withdraw(run, plan, mine);\n    throw error;\n  });', by: 'void 0;\n    throw error;\n  });' },
    test: { file: RULES, name: 'of a submission that this attempt opened leaves none' },
  },
  {
    name: '† a write-ahead without an answer is taken back',
    file: 'src/job/send.ts',
    remove: { text: 'await withdraw(run, plan, { version: writeIdText(id) });', by: ';' },
    test: { file: RULES, name: 'of a write-ahead without an answer' },
  },
  {
    name: '† any other error of submit leaves it unresolved',
    file: 'src/job/send.ts',
    remove: {
      text: 'await withdraw(run, plan, mine);\n    throw error;\n  });',
      by: 'void 0;\n    await withdraw(run, plan, mine);\n    throw error;\n  });',
    },
    test: { file: RULES, name: 'any other error leaves the submission unresolved' },
  },
  {
    name: '† the old ID, or the unresolved key, moves to the earlier ones',
    file: 'src/job/decision.ts',
    remove: { text: 'const previous = withCurrent(record);', by: 'const previous = record.previous;' },
    test: { file: DECISION, name: 'opening a submission moves the old ID' },
  },
  {
    name: '† a job that its attempt cannot record is an orphan',
    file: 'src/job/persist.ts',
    remove: { text: '  if (job) await listOrphan(run, job);\n', by: '' },
    test: { file: RULES, name: 'a record that holds another ID keeps it' },
  },
  {
    name: '† an old failure opens the next submission',
    file: 'src/job/resumable-job.ts',
    remove: { text: "origin === 'took' && ", by: "origin === 'waited' && " },
    test: { file: RULES, name: 'recorded, and the next one opens in the same attempt' },
  },
  {
    name: '† only below the number of the attempt',
    file: 'src/job/resumable-job.ts',
    remove: { text: "origin === 'took' && ", by: "origin === 'took' || " },
    test: { file: RULES, name: 'only as long as the submission number is below the attempt' },
  },
  {
    name: '† the failure of its own submission is thrown',
    file: 'src/job/resumable-job.ts',
    remove: { text: "origin === 'record' || (", by: "origin !== 'waited' || (" },
    test: { file: RULES, name: 'of the submission that this attempt opened is thrown' },
    hangs: true,
  },
  {
    name: '† nothing is cleared inside an attempt',
    file: 'src/job/finish.ts',
    remove: { text: "  await at(run, 'G11');\n", by: "  await at(run, 'G11');\n  await run.own.settle(1);\n" },
    test: { file: RULES, name: 'nothing is cleared inside an attempt' },
  },
];
