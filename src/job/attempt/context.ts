import { joined } from '../../async/abort.ts';
import { requireCall } from '../../async/deadline.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { Writer } from '../../format/write-id.ts';
import type { OptionNames } from '../../model/check-options.ts';
import { text } from '../../model/checks.ts';
import { assetScope, taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { Access } from '../../state-store/handle/deps.ts';
import { createStateHandle } from '../../state-store/handle/handle.ts';
import type { StateHandle } from '../../state-store/state-handle.ts';
import { startDecisionSpan } from '../../observe/spans.ts';
import type { AnyShape, StateShape } from '../../model/storable.ts';
import { resolveWait } from './options.ts';
import { objectKey, resultName } from '../../format/path.ts';
import { useJob } from '../protocol/cancel-job.ts';
import type { AnyJob } from '../external-job.ts';
import { jobOptions } from '../options.ts';
import { fingerprintDigest, namedKey } from '../../format/idempotency-key.ts';
import type { OwnedScope } from './owned-scope.ts';
import { decideJob, runJob } from '../protocol/resumable-job.ts';
import { createHistory } from '../protocol/history.ts';
import type { AttemptParts, Run } from '../protocol/run.ts';
import { countSaving } from '../protocol/savings.ts';
import type { Decision, RunOptions, TaskContext } from '../task-context.ts';

/** The task context of an attempt: checks the arguments of user code, and hands them to the protocol. */

/** A scope of an attempt, and which external jobs it has run. */
export interface TaskScopeParts {
  readonly own: OwnedScope;
  readonly used: Map<string, 'submitting' | 'submitted' | 'run'>;
}

/** What the contexts of one attempt share. */
export interface ContextParts extends AttemptParts {
  /** Numbers all writes to assets, so that two writes of one attempt never share a write ID. */
  readonly assets: Writer;
  /** Scopes by path: two contexts of one item share one scope. */
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
  let state: StateHandle<Shape> | undefined;

  const access = (fenced: boolean, writer: Access['writer']): Access => ({
    fenced,
    by: scope,
    writer(call) {
      life.throwIfOver();
      return writer(call);
    },
    during: (operation) => life.watch(during(parts, operation)),
    refused: (where, holder) => own.refused(where, holder),
  });
  const use = <T>(as: Use, job: AnyJob, input: unknown, options: RunOptions, work: (run: Run) => Promise<T>): Promise<T> =>
    life.track(during(parts, () => useJobOnce(parts, scoped, as, { job, input, options }, work)));

  return {
    scope,
    attempt: attempt.attempt,
    get signal() {
      return life.signal;
    },
    get state() {
      state ??= createStateHandle<Shape>(
        core,
        scope,
        access(true, (call) => own.writer(call)),
      );
      return state;
    },
    asset: (asset) =>
      createStateHandle(
        core,
        assetScope(asset),
        access(false, () => parts.assets),
      ),
    item: (item) => createContext(parts, itemScope(scope, item)),
    idempotencyKey(name) {
      text(name, 'name');
      return namedKey({ namespace: core.namespace, path: own.address.path, createdAt: attempt.createdAt }, name);
    },
    run: (job, input, options = {}) =>
      use('run', job, input, options, async (run) => (await runJob(run, 'result')).result as never),
    submit: (job, input) => use('submit', job, input, {}, async (run) => (await runJob(run, 'id')).externalId as never),
    decide: (job, input) => use('decide', job, input, {}, async (run) => (await decideJob(run)) as Decision<never>),
  };
}

/** The attempt is not handed back while an operation of user code is running. */
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

type Use = 'run' | 'submit' | 'decide';

async function useJobOnce<T>(
  parts: ContextParts,
  { own, used }: TaskScopeParts,
  as: Use,
  { job, input, options }: { job: AnyJob; input: unknown; options: RunOptions },
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { core, life, attempt } = parts;
  const resolved = jobOptions(job);
  requireCall(options, RUN);
  const wait = options.wait !== undefined ? resolveWait(options.wait, attempt.release !== undefined) : attempt.wait;
  const { name, externalIdKey, recordName } = resolved;
  const where = { scope: own.scope, key: externalIdKey };
  // A result may be offloaded, and the name of its object must fit. Checked now, since a job of hours must not fail for this at
  // its end.
  if (resolved.rememberResult) objectKey(core.namespace, own.address.path, resultName(externalIdKey), LONGEST_OBJECT_NAME);
  const fingerprint = fingerprintOf(job, input);
  const over = claim(used, recordName, externalIdKey, as);
  if (as !== 'decide') useJob(core, own.address.path, recordName, job);
  const signal = joined(life.signal, options.signal);
  const named = name === undefined ? {} : { name };
  const span = startDecisionSpan({ ...(name !== undefined && { 'mooring.job.name': name }), 'mooring.attempt': attempt.attempt });
  const tell: Run['tell'] = (decision, submission) => {
    span.end(decision, { 'mooring.submission': submission });
    if (as === 'decide') return;
    const about = { decision, submission, attempt: attempt.attempt, ...named };
    core.emit({ type: 'decision', ...about, scope: own.scope, externalIdKey });
  };
  let announced = as === 'decide';
  const run: Run = {
    ...parts,
    own,
    job,
    input,
    options: resolved,
    fingerprint,
    where,
    about: { ...where, ...named },
    signal: signal.signal,
    wait,
    tell,
    history: createHistory({ attempt: attempt.attempt, now: own.now }),
    announce(decision, submission, found) {
      if (announced) return;
      announced = true;
      if (found) countSaving(run, found);
      if (decision === 'reconnected' || decision === 'missing') run.history.note(decision, submission);
      life.log.info({ ...run.about, decision, submission, attempt: attempt.attempt, wait: wait.mode }, decision);
      tell(decision, submission);
    },
  };
  try {
    return await work(run);
  } finally {
    span.end(undefined);
    signal.leave();
    // The run's own signal stopped the waiting: another run may continue it.
    over(as === 'run' && options.signal?.aborted === true && !life.signal.aborted);
  }
}

const LONGEST_OBJECT_NAME = 'x'.repeat(128);

function fingerprintOf(job: AnyJob, input: unknown): string | undefined {
  if (!job.fingerprint) return undefined;
  const print: unknown = job.fingerprint(input);
  if (typeof print !== 'string') throw new ConfigError('fingerprint', 'must return a text', print);
  return fingerprintDigest(print);
}

/**
 * Allows one run for each external job of a scope: a second one would return the first one's result. A run may follow a submit,
 * or a run that its own signal stopped. Returns the function to call at the end.
 */
function claim(used: TaskScopeParts['used'], name: string, key: string, as: Use): (mayFollow: boolean) => void {
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
