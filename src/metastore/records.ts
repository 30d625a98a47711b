import type { CallOptions } from '../async/deadline.ts';
import type { RecordLetter } from '../format/record-head.ts';
import type { Fence, Version, WriteId } from '../format/write-id.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';
import type { RawEntry, Stale, ValueChange } from './values.ts';

/** Fences and external-job records: what an attempt holds, and what it knows of its external jobs. */

/** The first step of an attempt: the fence, and what it wants to read at once. */
export interface BeginRequest {
  fence: Fence;
  /**
   * The fence comes from `draw()`. In that case a fence that was drawn longer ago than the lateness limit (1 hour) is stale. The
   * scope of a finished job may have ended meanwhile, and its fence with it. It would look new to an attempt that slept since its
   * proof.
   */
  drawn: boolean;
  nonce: string;
  /** The runtime says that this is the first attempt. */
  first: boolean;
  /** When the runtime created the job, in milliseconds. */
  createdAt: number;
  /** Records, by externalIdKey name, each returned with the entry of its result. */
  records: readonly string[];
  /** Who takes the fence, for people: attempt, host, process, and since when. */
  holder: string;
  /** The runtime's job, of which a cancellation may have been requested. */
  job: string;
}

/** What a record looks like to the metastore. `text` is read by `format/record.ts`. */
export interface RawRecord {
  text: string;
  result: RawEntry | undefined;
}

/** An attempt that holds the fence. */
export interface Begun {
  kind: 'ok';
  now: number;
  /** When state was noted as lost, in milliseconds: the fence of an earlier attempt should be there and was not. */
  lostAt: number | undefined;
  records: readonly (RawRecord | undefined)[];
  /** Why somebody asked for the cancellation of this job, from anywhere; absent: nobody did. */
  cancelRequest?: string;
  /** Whether this very fence and nonce was in place already: this was a resend, or a read again. Absent counts as false. */
  held?: boolean;
}

/** Fences: the newest attempt of a scope, and the scope's end after success. */
export interface MetastoreFences {
  /** A fence that is higher than any drawn before in this scope, and at least the server's time in microseconds. */
  draw(scope: ScopeAddress, call: CallOptions): Promise<Fence>;
  /** Installs the fence and reads, in one step. The same fence and nonce again is a resend. Makes the namespace's birth known. */
  begin(scope: ScopeAddress, request: BeginRequest, call: CallOptions): Promise<Begun | Stale>;
  /**
   * After success: the whole scope ends after `within`, if this attempt still holds the fence. A new attempt that begins earlier
   * takes the end away; one that begins later starts empty. With `keepFence` the fence outlives the end. Without it the whole
   * hash goes then, but never sooner than twice the lateness limit: the refusal of an old draw relies on that.
   */
  settle(
    scope: ScopeAddress,
    request: { fence: Fence; nonce: string; within: number; keepFence: boolean },
    call: CallOptions,
  ): Promise<void>;
}

/** One write of an external-job record; the order of its checks is in `docs/design.md`, with a reason for each. */
export interface RecordWrite {
  id: WriteId;
  /** From `encodeSegment('externalIdKey', …)`. */
  name: string;
  letter: RecordLetter;
  submission: number;
  /** Digest of the external ID, 32 hex digits; zeros if there is none. */
  idDigest: string;
  json: string;
  retention: RetentionMs;
  /** The record's write ID as this attempt last saw it; `undefined` for no record. */
  basis: Version | undefined;
  /** Takes back the `submitting` that this very attempt wrote; the letter is then `n` or `s`. */
  withdraw: boolean;
  /** The external job that a `submitting` takes the place of: an orphan from this step on, until it was cancelled. */
  replaces?: { idDigest: string; json: string };
  /** When the job was first sent, for the index of jobs; `undefined`: now. In milliseconds. */
  since?: number | undefined;
  /** The result of a finished job, in the same step. */
  result?: Omit<ValueChange, 'expect'>;
  resent: boolean;
}

/**
 * `changed`: the record is not the one that was decided on. `gone`: the attempt's own fence is not there any more.
 * `old`: a later write of this attempt is there.
 */
export type RecordReply =
  | { kind: 'ok'; now: number; version: Version; updatedAt: number; expiresAt: number }
  | Stale
  | { kind: 'old' | 'changed' | 'gone' };

/** A person's answer: decided by the record's write ID alone, whatever the fence. */
export interface RecordAnswer extends Pick<
  RecordWrite,
  'id' | 'name' | 'letter' | 'submission' | 'idDigest' | 'json' | 'retention' | 'since'
> {
  basis: Version;
}

/** Records of external jobs. */
export interface MetastoreRecords {
  write(scope: ScopeAddress, write: RecordWrite, call: CallOptions): Promise<RecordReply>;
  /**
   * Keeps a record that an attempt waits on, as long as its write ID is still this one. `history` is JSON: it takes the place of
   * the record's history.
   */
  refresh(
    scope: ScopeAddress,
    record: { name: string; basis: Version; retention: RetentionMs; history?: string },
    call: CallOptions,
  ): Promise<void>;
  answer(
    scope: ScopeAddress,
    answer: RecordAnswer,
    call: CallOptions,
  ): Promise<{ kind: 'ok' } | { kind: 'conflict'; current: Version | 'absent' }>;
}
