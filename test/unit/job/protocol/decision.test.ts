import { describe, expect, test } from '@jest/globals';
import { afterInputChange, decide, type ExternalSystem, type Facts, type Step } from '../../../../src/job/protocol/decision.ts';
import { storedRecord, type RecordFields, type StoredRecord } from '../../../../src/format/record.ts';
import { writeIdText } from '../../../../src/format/write-id.ts';

/** The decision table of `docs/design.md`, row by row. The clock of the metastore stands at 1,000,000 ms. */

const NOW = 1_000_000;
const MINUTE = 60_000;
const CREATED = NOW - 5 * MINUTE;

const plain: ExternalSystem = {
  name: undefined,
  idempotentFor: undefined,
  findable: false,
  findLag: 10_000,
  findableFor: Infinity,
  submitTimeout: MINUTE,
  onInputChange: 'fail',
  pollInterval: { from: 1_000, to: 30_000 },
};
const findable: ExternalSystem = { ...plain, findable: true };
const keyed: ExternalSystem = { ...plain, idempotentFor: 60 * MINUTE };
const keyedShort: ExternalSystem = { ...plain, idempotentFor: 3 * MINUTE };
const both: ExternalSystem = { ...keyed, findable: true };
const bothShort: ExternalSystem = { ...keyedShort, findable: true };

const NONCE = 'a000000000000009';

const later: Facts = {
  first: false,
  surelyFirst: false,
  attempt: 2,
  job: 'job@1',
  nonce: NONCE,
  lostAt: undefined,
  now: NOW,
  createdAt: CREATED,
  fingerprint: undefined,
  keyOf: (submission) => `key-${submission}`,
};
const first: Facts = { ...later, first: true };
const lost: Facts = { ...later, lostAt: NOW - 1_000 };

const version = (nonce = 'a00000000000000') => writeIdText({ fence: '0'.repeat(23) + '7', nonce: nonce + '0', sequence: 3 });

function record(letter: StoredRecord['letter'], fields: Partial<RecordFields> & Partial<Head> = {}): StoredRecord {
  const { version: written = version(), updatedAt = NOW - 30_000, submission = 2, ...rest } = fields;
  return storedRecord(
    { letter, version: written, updatedAt, expiresAt: NOW + 30 * 24 * 60 * MINUTE, submission },
    {
      idempotencyKey: 'stored-key',
      submitTimeout: MINUTE,
      findLag: 10_000,
      previous: [],
      ...('eof'.includes(letter) ? { externalId: 'job-2' } : {}),
      ...rest,
    },
  );
}

type Head = Pick<StoredRecord, 'version' | 'updatedAt' | 'submission'>;

/** What matters of a step. */
function send(step: Step): object {
  if (step.do !== 'send') return step;
  const { kind, submission, fields, waitUntil, way, before } = step;
  const { idempotencyKey, firstSentAt } = fields;
  const sent = { kind, submission, idempotencyKey, firstSentAt, waitUntil, way, before };
  return step.way === 'resend' ? { ...sent, keyedUntil: step.keyedUntil } : sent;
}

const fresh = {
  kind: 'submitted',
  submission: 1,
  idempotencyKey: 'key-1',
  firstSentAt: undefined,
  waitUntil: undefined,
  way: 'first',
  before: 'unknown',
};

describe('none', () => {
  test.each([
    ['keyed', keyed],
    ['findable', findable],
    ['plain', plain],
  ])('first attempt, %s: submit', (_name, system) => {
    expect(send(decide(undefined, system, first))).toEqual(fresh);
  });

  test('later attempt, keyed and plain: submit', () => {
    expect(send(decide(undefined, keyed, later))).toEqual(fresh);
    expect(send(decide(undefined, plain, later))).toEqual(fresh);
  });

  test('later attempt, findable: find, else submit', () => {
    expect(send(decide(undefined, findable, later))).toEqual({ ...fresh, way: 'search' });
  });

  test('keyed and findable is treated as keyed', () => {
    expect(send(decide(undefined, both, later))).toEqual(fresh);
  });

  test('the number that was withdrawn, answered or cleared is the one that opens', () => {
    expect(send(decide(record('n', { submission: 4 }), plain, later))).toMatchObject({ submission: 4, kind: 'submitted' });

    const after = record('n', { submission: 4, previous: [{ submission: 3, idempotencyKey: 'k' }] });
    expect(send(decide(after, plain, later))).toMatchObject({ submission: 4, kind: 'resubmitted' });
    expect(decide(after, plain, later)).toMatchObject({ fields: { previous: after.previous } });
  });
});

describe('none, state lost', () => {
  test('keyed: submit with the same key, which may have been sent since the job was created', () => {
    expect(send(decide(undefined, keyed, lost))).toEqual({
      ...fresh,
      kind: 'repeated',
      firstSentAt: CREATED,
      way: 'resend',
      keyedUntil: CREATED + 60 * MINUTE,
    });
  });

  test('findable: wait one submit timeout from the note and the lag, find, else submit', () => {
    const plan = send(decide(undefined, findable, lost));
    expect(plan).toMatchObject({ kind: 'repeated', way: 'search', waitUntil: NOW - 1_000 + MINUTE + 10_000 });
  });

  test('plain: ambiguous at once', () => {
    expect(decide(undefined, plain, lost)).toMatchObject({
      do: 'give-up',
      submission: 1,
      fields: { idempotencyKey: 'key-1', firstSentAt: CREATED },
      waitUntil: undefined,
      settledAt: NOW - 1_000 + MINUTE + 10_000,
    });
  });

  test('keyed, its window over since the job was created: as findable, or as plain', () => {
    expect(decide(undefined, keyedShort, lost)).toMatchObject({ do: 'give-up' });
    expect(send(decide(undefined, bothShort, lost))).toMatchObject({ way: 'search', waitUntil: NOW - 1_000 + MINUTE + 10_000 });
  });

  test('† also for an attempt that the runtime calls the first', () => {
    expect(decide(undefined, plain, { ...lost, first: true })).toMatchObject({ do: 'give-up' });
  });

  test('a person who said "not submitted" is believed, even by a plain system', () => {
    const answered = record('n', { submission: 2, version: version('t00000000000000') });

    expect(send(decide(answered, plain, lost))).toMatchObject({ submission: 2 });
    expect(decide(record('n', { submission: 2 }), plain, lost)).toMatchObject({ do: 'give-up' });
  });
});

describe('submitting, of an earlier attempt', () => {
  const same = { kind: 'repeated', submission: 2, idempotencyKey: 'stored-key', before: 'unresolved' };

  test('keyed: submit with the stored key, without a wait', () => {
    const plan = send(decide(record('s'), keyed, later));
    expect(plan).toMatchObject({ ...same, waitUntil: undefined, way: 'resend', firstSentAt: NOW - 30_000 });
  });

  test('† keyed: only while the window, from when the key was first sent, outlasts the new deadline', () => {
    const edge = NOW + MINUTE - 60 * MINUTE;

    expect(send(decide(record('s', { firstSentAt: edge + 1 }), keyed, later))).toMatchObject(same);
    expect(decide(record('s', { firstSentAt: edge }), keyed, later)).toMatchObject({ do: 'give-up' });
    expect(send(decide(record('s', { firstSentAt: edge }), both, later))).toMatchObject({ ...same, way: 'search' });
  });

  test('† findable: wait for the recorded deadline and the lag, find, else submit with the stored key', () => {
    const plan = send(decide(record('s'), findable, later));
    expect(plan).toMatchObject({ ...same, way: 'search', waitUntil: NOW + 30_000 + 10_000 });
  });

  test('findable: also where a runtime calls this attempt the first', () => {
    expect(send(decide(record('s'), findable, first))).toMatchObject({ way: 'search' });
  });

  test('plain: wait for the deadline, then ambiguous', () => {
    expect(decide(record('s'), plain, later)).toMatchObject({
      do: 'give-up',
      submission: 2,
      fields: { idempotencyKey: 'stored-key', firstSentAt: NOW - 30_000 },
      waitUntil: NOW + 30_000,
    });
  });
});

describe('submitted and finished', () => {
  test.each([
    ['e', { do: 'look' }],
    ['o', { do: 'return' }],
    ['a', { do: 'ambiguous' }],
  ] as const)('%s', (letter, step) => {
    for (const system of [keyed, findable, plain]) expect(decide(record(letter), system, later)).toMatchObject(step);
  });

  describe.each(['o', 'f'] as const)('%s of another job', (letter) => {
    const own = { job: 'job@1' };
    const next = { kind: 'resubmitted', submission: 3, idempotencyKey: 'key-3' };

    test('that shares the scope is not this one’s result: the next submission', () => {
      expect(send(decide(record(letter, { job: 'job@2', retryable: false }), plain, later))).toMatchObject(next);
    });

    test('that this job waited for to the end is its result', () => {
      const step = decide(record(letter, { job: 'job@2', endedBy: 'job@1', retryable: false }), plain, later);
      expect(step).toMatchObject({ do: letter === 'o' ? 'return' : 'fail' });
    });

    test('which the first attempt of a job finds: the next submission', () => {
      const firstOfAll = { ...first, surelyFirst: true };
      expect(send(decide(record(letter, { ...own, retryable: false }), plain, firstOfAll))).toMatchObject(next);
    });

    test('is none that this very attempt wrote, also the first', () => {
      const mine = record(letter, { ...own, retryable: false, version: version('a00000000000000') });

      const step = decide(mine, plain, { ...first, surelyFirst: true, nonce: 'a000000000000000' });

      expect(step).toMatchObject({ do: letter === 'o' ? 'return' : 'fail' });
    });

    test('is none that an older version wrote, which named no job', () => {
      expect(decide(record(letter, { retryable: false }), plain, later)).toMatchObject({
        do: letter === 'o' ? 'return' : 'fail',
      });
    });
  });

  test('a running job of another job that shares the scope is waited for', () => {
    expect(decide(record('e', { job: 'job@2' }), plain, later)).toMatchObject({ do: 'look' });
  });

  test.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [9, 60_000],
    [99, 60_000],
  ])('failed for the %ith time: the next submission not before %i ms after it', (submission, pause) => {
    const step = decide(record('f', { submission }), plain, later);
    expect(send(step)).toMatchObject({ submission: submission + 1, waitUntil: NOW - 30_000 + pause });
  });

  test('failed: the next submission, which keeps the old ID', () => {
    const step = decide(record('f', { reason: 'oom' }), plain, later);

    expect(send(step)).toMatchObject({ kind: 'resubmitted', submission: 3, idempotencyKey: 'key-3', before: 'known' });
    expect(step).toMatchObject({ fields: { previous: [{ submission: 2, idempotencyKey: 'stored-key', externalId: 'job-2' }] } });
  });

  test('failed for good: no call of the external system', () => {
    expect(decide(record('f', { retryable: false }), plain, later)).toMatchObject({ do: 'fail' });
  });

  test('failed, state lost: the next key may have been sent before the loss', () => {
    expect(send(decide(record('f'), keyed, lost))).toMatchObject({ submission: 3, firstSentAt: CREATED });
    expect(send(decide(record('f'), findable, lost))).toMatchObject({ submission: 3, way: 'search' });
  });

  test('failed, state lost: not before the pause either', () => {
    const justFailed = record('f', { submission: 8, updatedAt: NOW });

    expect(send(decide(justFailed, keyed, lost))).toMatchObject({ waitUntil: NOW + MINUTE });
    expect(send(decide(justFailed, findable, lost))).toMatchObject({ waitUntil: NOW - 1_000 + MINUTE + 10_000 });
    expect(send(decide(justFailed, findable, { ...lost, lostAt: NOW - 5 * MINUTE }))).toMatchObject({ waitUntil: NOW + MINUTE });
  });

  test('only none is lost: what follows a record is submitted, also by a plain system', () => {
    const next = { submission: 3, kind: 'resubmitted' };

    expect(send(decide(record('f', { externalId: 0 }), plain, lost))).toMatchObject(next);
    expect(send(afterInputChange(record('o'), { ...plain, onInputChange: 'resubmit' }, lost))).toMatchObject(next);
    expect(send(decide(record('n', { submission: 3, known: true }), plain, lost))).toMatchObject({ submission: 3 });
  });
});

describe('the fingerprint differs', () => {
  const changed = { ...later, fingerprint: 'new' };
  const old = { fingerprint: 'old' };

  test.each(['e', 'o', 'f'] as const)('%s: fail, or the next submission', (letter) => {
    expect(decide(record(letter, old), plain, changed)).toMatchObject({ do: 'input-changed' });

    const step = decide(record(letter, old), { ...plain, onInputChange: 'resubmit' }, changed);
    expect(send(step)).toMatchObject({ kind: 'resubmitted', submission: 3, idempotencyKey: 'key-3' });
    expect(step).toMatchObject({ fields: { fingerprint: 'new' } });
    expect('cancels' in step && step.cancels).toBe(letter === 'e' && 'job-2');
  });

  test.each([
    ['keyed', keyed],
    ['plain', plain],
  ])('submitting, %s: fail, or the next submission with the old key listed as unresolved', (_name, system) => {
    expect(decide(record('s', old), system, changed)).toMatchObject({ do: 'input-changed' });

    const step = decide(record('s', old), { ...system, onInputChange: 'resubmit' }, changed);
    expect(step).toMatchObject({
      do: 'send',
      submission: 3,
      fields: { previous: [{ submission: 2, idempotencyKey: 'stored-key' }] },
    });
    expect(step).not.toMatchObject({ fields: { previous: [{ externalId: expect.anything() }] } });
  });

  test('submitting, findable: wait and find first', () => {
    expect(decide(record('s', old), findable, changed)).toMatchObject({ do: 'resolve', waitUntil: NOW + 40_000 });
    expect(decide(record('s', old), { ...findable, onInputChange: 'resubmit' }, changed)).toMatchObject({ do: 'resolve' });
    expect(afterInputChange(record('s', old), findable, changed)).toMatchObject({ do: 'input-changed' });
  });

  test('ambiguous stays ambiguous', () => {
    expect(decide(record('a', old), plain, changed)).toMatchObject({ do: 'ambiguous' });
  });

  test('one that only one side has says nothing', () => {
    expect(decide(record('e', old), plain, later)).toMatchObject({ do: 'look' });
    expect(decide(record('e'), plain, changed)).toMatchObject({ do: 'look' });
  });
});

test('† opening a submission moves the old ID, or the unresolved key, to the earlier ones', () => {
  const before = [{ submission: 1, idempotencyKey: 'k1', externalId: 'job-1' }];
  const resubmits = { ...plain, onInputChange: 'resubmit' } as const;

  expect(afterInputChange(record('e', { previous: before }), resubmits, later)).toMatchObject({
    fields: { previous: [...before, { submission: 2, idempotencyKey: 'stored-key', externalId: 'job-2' }] },
  });
  expect(afterInputChange(record('s', { previous: before }), resubmits, later)).toMatchObject({
    fields: { previous: [...before, { submission: 2, idempotencyKey: 'stored-key' }] },
  });
});
