import { submissionText } from '../../format/record-head.ts';
import { writeIdText, type Version } from '../../format/write-id.ts';
import type { MetastoreFences, MetastoreRecords, RecordAnswer, RecordReply, RecordWrite } from '../records.ts';
import { believe } from '../replies.ts';
import type { Answer } from './lua/answer.ts';
import type { Connection } from './connection.ts';
import { NAME } from './errors.ts';
import { SETTLE } from './lua/operators/settle.ts';
import { ANSWER_RECORD } from './lua/records/answer-record.ts';
import { BEGIN } from './lua/records/begin.ts';
import { DRAW } from './lua/records/draw.ts';
import type { RecordArgument } from './lua/records/put.ts';
import { REFRESH } from './lua/records/refresh.ts';
import { WRITE_RECORD } from './lua/records/write-record.ts';
import type { ArgumentValue } from './lua/script.ts';
import { changeFields, rawEntry, staleReply } from './values.ts';

/** Fences and records in Redis: what goes into their scripts, and what comes out. */

/** Fences of this namespace. */
export function redisFences({ run }: Connection): MetastoreFences {
  return {
    async draw(scope, call) {
      const { rest } = await run(DRAW, scope, {}, call, { fleeting: true });
      return String(rest[0]);
    },
    // A resend does no harm, and a refusal of one is as true as of the first.
    async begin(scope, { fence, nonce, drawn, first, createdAt: created, holder, job, records }, call) {
      const given = { fence, nonce, drawn, first, created, holder, job };
      const { kind, now, rest } = await run(BEGIN, scope, given, call, {
        buffers: true,
        each: records,
        ...(!first && { isThere: true }),
      });
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
    },
    async settle(scope, request, call) {
      await run(SETTLE, scope, request, call);
    },
  };
}

/** Records of this namespace. */
export function redisRecords({ run }: Connection): MetastoreRecords {
  return {
    async write(scope, write, call) {
      const { withdraw, replaces, result, resent } = write;
      const replaced = { replacedDigest: replaces?.idDigest, replacedJson: replaces?.json };
      const each = result ? [changeFields(result)] : [];
      const given = { ...recordArguments(write), withdraw, ...replaced };
      const answer = await run(WRITE_RECORD, scope, given, call, { resent, each });
      return believe(recordReply(answer, writeIdText(write.id)), answer.resent, NAME);
    },
    async refresh(scope, record, call) {
      await run(REFRESH, scope, { history: undefined, ...record }, call, { fleeting: true });
    },
    async answer(scope, answer, call) {
      const { kind, rest, resent } = await run(ANSWER_RECORD, scope, recordArguments(answer), call);
      return believe(
        kind === 'ok' ? { kind } : { kind: 'conflict', current: String(rest[0]) as Version | 'absent' },
        resent,
        NAME,
      );
    },
  };
}

function recordArguments(write: RecordAnswer | RecordWrite): Record<RecordArgument, ArgumentValue> {
  const { id, name, letter, submission, idDigest, json, retention, basis, since } = write;
  const [version, number] = [writeIdText(id), submissionText(submission)];
  return { id: version, name, letter, submission: number, idDigest, json, retention, basis, since };
}

function recordReply({ kind, now, rest }: Answer, version: Version): RecordReply {
  if (kind === 'ok') return { kind, now, version, updatedAt: Number(rest[0]), expiresAt: Number(rest[1]) };
  return kind === 'stale' ? staleReply(rest[0]) : { kind: kind as 'old' | 'changed' | 'gone' };
}
