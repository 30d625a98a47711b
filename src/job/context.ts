import { joined, requireCall } from '../call.ts';
import { ConfigError } from '../errors.ts';
import type { Writer } from '../fence.ts';
import type { OptionNames } from '../option-names.ts';
import { assetScope, taskScope, type TaskScope } from '../scope.ts';
import type { Access } from '../state-store/access.ts';
import { createStateHandle } from '../state-store/handle.ts';
import { startDecisionSpan } from '../telemetry.ts';
import type { AnyShape, StateShape } from '../value.ts';
import { resolveWait } from './attempt-options.ts';
import { objectKey, resultName } from '../path.ts';
import { jobOptions, type ExternalId, type ExternalJob, type JobOptions } from './external-job.ts';
import { fingerprintDigest, namedKey } from './idempotency-key.ts';
import type { OwnedScope } from './owned-scope.ts';
import { decideJob, runJob } from './resumable-job.ts';
import type { AttemptParts, Run } from './run.ts';
import type { Decision, RunOptions, TaskContext } from './task-context.ts';

/** The face of an attempt: checks what user code gives, and hands it to the protocol. */

/** A scope of an attempt, and which external jobs it has run. */
export interface TaskScopeParts {
  readonly own: OwnedScope;
  readonly used: Map<string, 'submitting' | 'submitted' | 'run'>;
  readonly sent: Run['sent'];
}

/** What contexts of one attempt share. */
export interface ContextParts extends AttemptParts {
  /** Of all writes to assets: two writes of one attempt never share their write ID. */
  readonly assets: Writer;
  /** The same object for the same path: two contexts of one item are one. */
  scopeParts(scope: TaskScope): TaskScopeParts;
}

/** The context of a task, or of one of its items. */
export function createContext<Shape extends StateShape<Shape> = AnyShape>(
  parts: ContextParts,
  scope: TaskScope,
): TaskContext<Shape> {
  const { core, life, attempt } = parts;
  const scoped = parts.scopeParts(scope);
  const { own } = scoped;

  const access = (fenced: boolean, writer: Access['writer']): Access => ({
    fenced,
    by: scope,
    writer: async (call) => {
      life.signal.throwIfAborted();
      return writer(call);
    },
    refused: life.abort,
  });

  return {
    scope,
    attempt: attempt.attempt,
    signal: life.signal,
    state: createStateHandle<Shape>(
      core,
      scope,
      access(true, (call) => own.writer(call)),
    ),
    asset: (asset) =>
      createStateHandle(
        core,
        assetScope(asset),
        access(false, () => Promise.resolve(parts.assets)),
      ),
    item: (item) => createContext(parts, itemScope(scope, item)),
    idempotencyKey(name) {
      if (typeof name !== 'string' || name === '') throw new ConfigError('name', 'must be a text', name);
      return namedKey({ namespace: core.namespace, path: own.address.path, createdAt: attempt.createdAt }, name);
    },
    async run(job, input, options = {}) {
      const { result } = await use(parts, scoped, { job, input, options, as: 'run' }, (run) => runJob(run, 'result'));
      return result as never;
    },
    async submit(job, input) {
      const { externalId } = await use(parts, scoped, { job, input, options: {}, as: 'submit' }, (run) => runJob(run, 'id'));
      return externalId as never;
    },
    async decide(job, input) {
      return (await use(parts, scoped, { job, input, options: {}, as: 'decide' }, decideJob)) as Decision<never>;
    },
  };
}

function itemScope(scope: TaskScope, item: unknown): TaskScope {
  if (scope.itemKey !== undefined || scope.mapIndex !== undefined)
    throw new ConfigError('item', 'cannot be taken of an item', item);
  const { flow, run, task } = scope;
  if (typeof item === 'number') return taskScope({ flow, run, task, mapIndex: item });
  if (typeof item === 'string') return taskScope({ flow, run, task, itemKey: item });
  throw new ConfigError('item', 'must be the identity of the item, or its position', item);
}

const RUN: OptionNames<RunOptions> = { signal: true, wait: true };

interface Use<Input, Id extends ExternalId, Result> {
  job: ExternalJob<Input, Id, Result>;
  input: Input;
  options: RunOptions;
  as: 'run' | 'submit' | 'decide';
}

async function use<Input, Id extends ExternalId, Result, T>(
  parts: ContextParts,
  { own, used, sent }: TaskScopeParts,
  { job, input, options, as }: Use<Input, Id, Result>,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { core, life, attempt } = parts;
  const resolved = jobOptions(job);
  requireCall(options, RUN);
  const wait = options.wait !== undefined ? resolveWait(options.wait, attempt.release !== undefined) : attempt.wait;
  const where = { scope: own.scope, key: resolved.externalIdKey };
  requireRoomForResult(core, own, resolved);
  const fingerprint = fingerprintOf(job, input);
  const over = claim(used, resolved.name, resolved.externalIdKey, as);
  const leave = parts.waiting.enter();
  const signal = joined(life.signal, options.signal);
  const span = startDecisionSpan();
  const run: Run = {
    ...parts,
    own,
    sent,
    job,
    input,
    options: resolved,
    fingerprint,
    where,
    signal: signal.signal,
    wait,
    announce: once((decision, submission) => {
      span.end(decision);
      if (as === 'decide') return;
      life.log.info({ ...where, decision, submission, attempt: attempt.attempt }, decision);
      core.emit({
        type: 'decision',
        decision,
        scope: own.scope,
        externalIdKey: where.key,
        submission,
        attempt: attempt.attempt,
      });
    }),
  };
  try {
    return await life.track(work(run));
  } finally {
    span.end(undefined);
    signal.leave();
    leave();
    over();
  }
}

/** A result may be offloaded, whose object's name must fit: a job of hours must not find that out at its end. */
function requireRoomForResult(core: ContextParts['core'], own: OwnedScope, { externalIdKey, rememberResult }: JobOptions): void {
  if (rememberResult) objectKey(core.namespace, own.address.path, resultName(externalIdKey), LONGEST_OBJECT_NAME);
}

const LONGEST_OBJECT_NAME = 'x'.repeat(128);

function fingerprintOf<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  input: Input,
): string | undefined {
  if (!job.fingerprint) return undefined;
  const text: unknown = job.fingerprint(input);
  if (typeof text !== 'string') throw new ConfigError('fingerprint', 'must return a text', text);
  return fingerprintDigest(text);
}

/**
 * One run for each external job of a scope: a second one would return the first one's result. A run may follow a submit. Returns
 * what is to be called at the end.
 */
function claim(used: TaskScopeParts['used'], name: string, key: string, as: 'run' | 'submit' | 'decide'): () => void {
  if (as === 'decide') return () => undefined;
  const before = used.get(name);
  if (before !== undefined && !(as === 'run' && before === 'submitted')) {
    const rule =
      before === 'submitting'
        ? 'is being submitted by this attempt: await that first'
        : 'was used by this attempt already: give each external job of a task its own, and each item its ctx.item()';
    throw new ConfigError('externalIdKey', rule, key);
  }
  used.set(name, as === 'run' ? 'run' : 'submitting');
  return () => void (as === 'submit' && used.set(name, 'submitted'));
}

function once(announce: Run['announce']): Run['announce'] {
  let announced = false;
  return (decision, submission) => {
    if (announced) return;
    announced = true;
    announce(decision, submission);
  };
}
