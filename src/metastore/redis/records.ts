import type { CallOptions } from '../../async/deadline.ts';
import { writeIdText, type Fence, type Version } from '../../format/write-id.ts';
import { submissionText } from '../../format/record-head.ts';
import type {
  BeginRequest,
  Begun,
  OpenMetastore,
  RecordAnswer,
  RecordReply,
  RecordWrite,
  ScopeAddress,
  Stale,
} from '../metastore.ts';
import { believe } from '../replies.ts';
import type { Connection } from './connection.ts';
import { NAME } from './errors.ts';
import { ANSWER_RECORD } from './lua/records/answer-record.ts';
import { BEGIN } from './lua/records/begin.ts';
import { DRAW } from './lua/records/draw.ts';
import type { RecordArgument } from './lua/records/put.ts';
import { REFRESH } from './lua/records/refresh.ts';
import { WRITE_RECORD } from './lua/records/write-record.ts';
import type { ArgumentValue } from './lua/script.ts';
import { changeFields, rawEntry, staleReply } from './values.ts';

/** Fences and records in Redis: what goes into their scripts, and what comes out. */

/** Draws a fence. */
export async function drawFence(connection: Connection, scope: ScopeAddress, call: CallOptions): Promise<Fence> {
  const { rest } = await connection.run(DRAW, scope, {}, call, { fleeting: true });
  return String(rest[0]);
}

/** Installs a fence and reads. A resend does no harm, and a refusal of one is as true as of the first. */
export async function takeFence(
  connection: Connection,
  scope: ScopeAddress,
  request: BeginRequest,
  call: CallOptions,
): Promise<Begun | Stale> {
  const { fence, nonce, drawn, first, createdAt: created, holder, job, records } = request;
  const given = { fence, nonce, drawn, first, created, holder, job };
  const { kind, now, rest } = await connection.run(BEGIN, scope, given, call, { buffers: true, each: records });
  if (kind === 'stale') return staleReply(rest[0]);
  const [held, lost, cancel, ...found] = rest;
  return {
    kind: 'ok',
    now,
    held: String(held) === '1',
    lostAt: lost === null ? undefined : Number(String(lost)),
    ...(cancel !== null && cancel !== undefined && { cancelRequest: String(cancel) }),
    records: records.map((_name, at) => {
      const [text, result, body] = found.slice(3 * at);
      return text === null || text === undefined ? undefined : { text: String(text), result: rawEntry(result, body) };
    }),
  };
}

function recordArguments(write: RecordAnswer | RecordWrite): Record<RecordArgument, ArgumentValue> {
  const { id, name, letter, submission, idDigest, json, retention, basis } = write;
  return { id: writeIdText(id), name, letter, submission: submissionText(submission), idDigest, json, retention, basis };
}

/** One write of a record. */
export async function writeRecord(
  connection: Connection,
  scope: ScopeAddress,
  write: RecordWrite,
  call: CallOptions,
): Promise<RecordReply> {
  const { id, withdraw, replaces, result, resent } = write;
  const replaced = { replacedDigest: replaces?.idDigest, replacedJson: replaces?.json };
  const each = result ? [changeFields(result)] : [];
  const answer = await connection.run(WRITE_RECORD, scope, { ...recordArguments(write), withdraw, ...replaced }, call, {
    resent,
    each,
  });
  const { kind, now, rest } = answer;
  const refusal = kind === 'stale' ? staleReply(rest[0]) : { kind: kind as 'old' | 'changed' | 'gone' };
  const reply: RecordReply =
    kind === 'ok' ? { kind, now, version: writeIdText(id), updatedAt: Number(rest[0]), expiresAt: Number(rest[1]) } : refusal;
  return believe(reply, answer.resent, NAME);
}

/** A person's answer. */
export async function answerRecord(
  connection: Connection,
  scope: ScopeAddress,
  answer: RecordAnswer,
  call: CallOptions,
): Promise<{ kind: 'ok' } | { kind: 'conflict'; current: Version | 'absent' }> {
  const { kind, rest, resent } = await connection.run(ANSWER_RECORD, scope, recordArguments(answer), call);
  return believe(kind === 'ok' ? { kind } : { kind: 'conflict', current: String(rest[0]) as Version | 'absent' }, resent, NAME);
}

/** Keeps a record that an attempt waits on. */
export async function refreshRecord(
  connection: Connection,
  scope: ScopeAddress,
  { name, basis, retention }: Parameters<OpenMetastore['refresh']>[1],
  call: CallOptions,
): Promise<void> {
  await connection.run(REFRESH, scope, { name, basis, retention }, call, { fleeting: true });
}
