import { joined, requireCall } from '../../async/deadline.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { Writer } from '../../format/write-id.ts';
import type { OptionNames } from '../../model/check-options.ts';
import { assetScope, taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { Access } from '../../state-store/handle/access.ts';
import { createStateHandle } from '../../state-store/handle/handle.ts';
import { startDecisionSpan } from '../../observe/telemetry.ts';
import type { AnyShape, StateShape } from '../../model/storable.ts';
import { resolveWait } from './options.ts';
import { objectKey, resultName } from '../../format/path.ts';
import { useJob } from '../protocol/cancel-job.ts';
import { jobOptions, type ExternalId, type ExternalJob, type JobOptions } from '../external-job.ts';
import { fingerprintDigest, namedKey } from '../../format/idempotency-key.ts';
import type { OwnedScope } from './owned-scope.ts';
import { decideJob, runJob } from '../protocol/resumable-job.ts';
import type { AttemptParts, Run } from '../protocol/run.ts';
import type { Decision, RunOptions, TaskContext } from '../task-context.ts';

/** The face of an attempt: checks what user code gives, and hands it to the protocol. */

/** A scope of an attempt, and which external jobs it has run. */
export interface TaskScopeParts {
  readonly own: OwnedScope;
  readonly used: Map<string, 'submitting' | 'submitted' | 'run'>;
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
    during: (operation) => life.watch(during(parts, operation)),
    refused: (where, holder) => own.refused(where, holder),
  });
  const use = <Input, Id extends ExternalId, Result, T>(
    request: Use<Input, Id, Result>,
    work: (run: Run) => Promise<T>,
  ): Promise<T> => life.track(during(parts, () => useJobOnce(parts, scoped, request, work)));

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
    run: (job, input, options = {}) =>
      use({ job, input, options, as: 'run' }, async (run) => (await runJob(run, 'result')).result as never),
    submit: (job, input) =>
      use({ job, input, options: {}, as: 'submit' }, async (run) => (await runJob(run, 'id')).externalId as never),
    decide: (job, input) =>
      use({ job, input, options: {}, as: 'decide' }, async (run) => (await decideJob(run)) as Decision<never>),
  };
}

/** What user code starts counts as going on: the attempt is not handed back under it. */
async function during<T>({ waiting }: ContextParts, work: () => Promise<T>): Promise<T> {
  const leave = waiting.enter();
  try {
    return await work();
  } finally {
    leave();
  }
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

async function useJobOnce<Input, Id extends ExternalId, Result, T>(
  parts: ContextParts,
  { own, used }: TaskScopeParts,
  { job, input, options, as }: Use<Input, Id, Result>,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { core, life, attempt } = parts;
  const resolved = jobOptions(job);
  requireCall(options, RUN);
  const wait = options.wait !== undefined ? resolveWait(options.wait, attempt.release !== undefined) : attempt.wait;
  const { name, externalIdKey, recordName } = resolved;
  const where = { scope: own.scope, key: externalIdKey };
  requireRoomForResult(core, own, resolved);
  const fingerprint = fingerprintOf(job, input);
  const over = claim(used, recordName, externalIdKey, as);
  if (as !== 'decide') useJob(core, own.address.path, recordName, job);
  const signal = joined(life.signal, options.signal);
  const span = startDecisionSpan();
  const tell: Run['tell'] = (decision, submission) => {
    span.end(decision);
    if (as === 'decide') return;
    const about = { decision, submission, attempt: attempt.attempt, ...(name !== undefined && { name }) };
    core.emit({ type: 'decision', ...about, scope: own.scope, externalIdKey });
  };
  const run: Run = {
    ...parts,
    own,
    job,
    input,
    options: resolved,
    fingerprint,
    where,
    about: { ...where, ...(name !== undefined && { name }) },
    signal: signal.signal,
    wait,
    tell,
    announce: once((decision, submission) => {
      if (as !== 'decide')
        life.log.info({ ...run.about, decision, submission, attempt: attempt.attempt, wait: wait.mode }, decision);
      tell(decision, submission);
    }),
  };
  try {
    return await work(run);
  } finally {
    span.end(undefined);
    signal.leave();
    // Its own signal stopped the waiting: another run may wait on.
    over(as === 'run' && options.signal?.aborted === true && !life.signal.aborted);
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
 * One run for each external job of a scope: a second one would return the first one's result. A run may follow a submit, and a run whose
 * own signal stopped it. Returns what is to be called at the end.
 */
function claim(
  used: TaskScopeParts['used'],
  name: string,
  key: string,
  as: 'run' | 'submit' | 'decide',
): (mayFollow: boolean) => void {
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
  return (mayFollow) => void ((as === 'submit' || mayFollow) && used.set(name, 'submitted'));
}

function once(announce: Run['announce']): Run['announce'] {
  let announced = false;
  return (decision, submission) => {
    if (announced) return;
    announced = true;
    announce(decision, submission);
  };
}
