import { untilAborted } from '../../async/abort.ts';
import { boundedWait, type CallOptions } from '../../async/deadline.ts';
import { stopwatch } from '../../async/clock.ts';
import { isMooringError, StaleAttemptError, StoreUnavailableError, type ErrorContext } from '../../model/errors/store.ts';
import { createWriter, orderedFence, UNFENCED, type Fence, type Writer } from '../../format/write-id.ts';
import { holderOf, scopeAddress } from '../../metastore/metastore.ts';
import type { Begun, BeginRequest, RawEntry, Stale, ScopeAddress } from '../../metastore/metastore.ts';
import { messageOf } from '../../model/reason.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { ResolvedAttempt } from './options.ts';
import type { Life } from './lifecycle.ts';
import { parseRecord, type StoredRecord } from '../../format/record.ts';

/**
 * A scope that an attempt owns by its fence. The fence is taken at the first use, in the round trip that reads the first record.
 * Every later read is the same step, so a lost fence is taken again, as a later attempt would do.
 */

/** A record, and what else the scope says. */
export interface Snapshot {
  kind: 'ok';
  record: StoredRecord | undefined;
  result: RawEntry | undefined;
  /** Whether the runtime says that this is the first attempt, and its fence was never lost. */
  first: boolean;
  /** When state was noted as lost, in milliseconds of the metastore's clock. */
  lostAt: number | undefined;
}

/** A task scope in the hands of one attempt. */
export interface OwnedScope {
  readonly scope: TaskScope;
  readonly address: ScopeAddress;
  /**
   * Takes the fence, and returns the numbers for this attempt's writes. The call's signal ends the wait, but not the taking,
   * which serves all calls.
   * @throws {@link StaleAttemptError} when a newer attempt holds it.
   */
  writer(call?: CallOptions): Writer | Promise<Writer>;
  /** Reads a record. Errors as `writer`. */
  read(name: string): Promise<Snapshot>;
  /** As `read`, but a newer attempt is an answer, not an error. */
  look(name: string): Promise<Snapshot | Stale>;
  /** The metastore's time, in whole milliseconds, rounded down. */
  now(): number;
  /** Records for which this attempt has sent a submit that may have led to a job. */
  readonly sent: Set<string>;
  /** Records whose job this attempt has found, and counted as saved. */
  readonly found: Set<string>;
  /** Numbers all writes of this attempt. */
  readonly nonce: string;
  /** A newer attempt owns the scope: ends this one, and returns the error. */
  refused(where: ErrorContext, holder?: string): StaleAttemptError;
  /** Called with the time that a reply told. */
  told(now: number): void;
  /** Whether the fence was taken. */
  begun(): boolean;
  /** Called after success: the state ends after this many milliseconds. */
  settle(within: number): Promise<void>;
  /** Notes that the first attempt used no state, with the lowest fence, so that no attempt loses its own. */
  leaveTrace(): Promise<void>;
}

/** Does no I/O. `home`: the scope of the task, if this is the scope of an item. Requests to cancel the job are recorded there. */
export function createOwnedScope(
  core: Internals,
  life: Life,
  attempt: ResolvedAttempt,
  scope: TaskScope,
  nonce: string,
  home?: Pick<OwnedScope, 'writer'>,
): OwnedScope {
  const address = scopeAddress(scope);
  const drawn = attempt.fence.kind === 'drawn';
  let taken: Promise<{ writer: Writer; begun: Begun }> | undefined;
  let { first } = attempt;
  let lostAt: number | undefined;
  let time = { now: 0, since: stopwatch(core.clock) };
  let hasBegun = false;
  let known: Writer | undefined;

  const told = (now: number): void => {
    time = { now, since: stopwatch(core.clock) };
  };

  const ask = (request: Pick<BeginRequest, 'fence' | 'drawn' | 'first' | 'records'>): Promise<Begun | Stale> => {
    const { createdAt, holder, job } = attempt;
    return core.track(() => core.metastore.fences.begin(address, { ...request, nonce, createdAt, holder, job }, {}));
  };
  const begin = async (fence: Fence, first: boolean, records: readonly string[]): Promise<Begun | Stale> => {
    const reply = await ask({ fence, drawn, first, records });
    if (reply.kind === 'stale') return reply;
    told(reply.now);
    lostAt = reply.lostAt;
    // An empty reason: the request was withdrawn.
    if (reply.cancelRequest) attempt.onCancelRequest?.(reply.cancelRequest);
    return reply;
  };

  const refused = (where: ErrorContext, holder?: string): StaleAttemptError => {
    const why =
      holder === undefined ? 'the runtime gave the job to another attempt, or took it back' : 'a newer attempt holds the fence';
    const error = new StaleAttemptError(why, { ...where, attempt: attempt.attempt, holder });
    life.abort(error);
    return error;
  };

  const take = async (records: readonly string[]): Promise<{ writer: Writer; begun: Begun }> => {
    await core.crashPoint?.('G1');
    const heard = Promise.resolve(home?.writer());
    heard.catch(() => undefined);
    const fence = await ownFence(core, life, attempt, { scope, address });
    if (fence === undefined) {
      life.log.warn({ scope }, 'state was refused: the runtime says that this attempt does not hold the job (any more)');
      throw refused({ scope });
    }
    const begun = await begin(fence, attempt.first, records);
    if (begun.kind === 'stale') throw refused({ scope }, holderOf(begun));
    await heard;
    hasBegun = true;
    if (begun.cancelRequest !== undefined) life.throwIfOver();
    known = createWriter(fence, nonce);
    return { writer: known, begun };
  };

  const taking = (records: readonly string[]): { promise: Promise<{ writer: Writer; begun: Begun }>; mine: boolean } => {
    if (taken) return { promise: taken, mine: false };
    taken = take(records);
    taken.catch(() => (taken = undefined));
    return { promise: taken, mine: true };
  };

  const look = async (name: string): Promise<Snapshot | Stale> => {
    const { promise, mine } = taking([name]);
    const { writer, begun } = await promise;
    if (mine) return snapshot(begun);
    const again = await begin(writer.fence, false, [name]);
    if (again.kind === 'stale') return again;
    // The fence was lost and taken again: another attempt may have worked in between.
    first &&= again.held === true;
    return snapshot(again);
  };

  const snapshot = ({ records }: Begun): Snapshot => {
    const raw = records[0];
    return { kind: 'ok', record: raw && parseRecord(raw.text, { scope }), result: raw?.result, first, lostAt };
  };

  return {
    scope,
    address,
    sent: new Set(),
    found: new Set(),
    nonce,
    refused,
    look,
    told,
    writer: ({ signal } = {}) => known ?? untilAborted(taking([]).promise, signal).then(({ writer }) => writer),
    read: async (name) => {
      const seen = await look(name);
      if (seen.kind === 'stale') throw refused({ scope }, holderOf(seen));
      return seen;
    },
    now: () => time.now + Math.floor(time.since()),
    begun: () => hasBegun,
    async settle(within) {
      const settled = await taken;
      if (!settled) return;
      const { fence } = settled.writer;
      await core.track(() => core.metastore.fences.settle(address, { fence, nonce, within, keepFence: !drawn }, {}));
    },
    async leaveTrace() {
      if (taken || !attempt.first) return;
      await ask({ fence: UNFENCED, drawn: false, first: true, records: [] });
    },
  };
}

/**
 * The attempt's fence. It is drawn before the proof: after a proof, an attempt that has lost the job could still raise a fence.
 * `undefined`: the runtime says that the job is another attempt's.
 */
async function ownFence(
  core: Internals,
  life: Life,
  { fence }: ResolvedAttempt,
  { scope, address }: Pick<OwnedScope, 'scope' | 'address'>,
): Promise<Fence | undefined> {
  if (fence.kind === 'ordered') return orderedFence(fence.order);
  const drawn = await core.track(() => core.metastore.fences.draw(address, {}));
  const { prove } = fence;
  if (!prove) return drawn;
  const proof = await boundedWait(core.timer, core.commandTimeout, undefined, prove).catch((error: unknown) => {
    if (isMooringError(error)) throw error;
    // Only the text is kept: a client's error may carry the command, and so the token of the runtime's lock.
    throw new StoreUnavailableError(`the runtime could not say whether it holds the job: ${messageOf(error)}`, { scope });
  });
  life.throwIfOver();
  if (proof.ended === 'value') return proof.value ? drawn : undefined;
  throw new StoreUnavailableError(`the runtime did not say within ${core.commandTimeout} ms whether it holds the job`, { scope });
}
