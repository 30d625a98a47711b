import { bounded, systemTimer } from '../../async/deadline.ts';
import { notLoaded } from '../../model/errors/not-loaded.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import { accessOf, type TemporalAccess, type TemporalVariables } from './access.ts';
import type { ActivityName, RuntimeActivities } from './activities.ts';

/** Temporal by the client that the user installed, described by the shape of what is called. */

interface Description {
  readonly status: { readonly name: string };
  readonly raw: { readonly pendingActivities?: readonly { readonly activityId?: string | null }[] | null };
}

interface Sdk {
  Connection: {
    connect(options: TemporalAccess & { address: string; connectTimeout: number }): Promise<{ close(): Promise<void> }>;
  };
  Client: new (options: { connection: unknown; namespace: string }) => {
    workflow: { getHandle(workflow: string, run: string): { describe(): Promise<Description> } };
  };
}

const TIMEOUT = 10_000;

/**
 * Connects to a server, as Temporal's own variables and file say.
 *
 * @throws `ConfigError` if a package is not installed, or for settings that cannot be read. {@link StoreUnavailableError} if the
 * server does not answer.
 */
export async function openTemporal(address: string, env: TemporalVariables): Promise<RuntimeActivities> {
  const [{ Connection, Client }, access] = await Promise.all([loadSdk(), accessOf(env)]);
  const connection = await within(undefined, () => Connection.connect({ ...access, address, connectTimeout: TIMEOUT }));
  return {
    end: (activity, { signal }) =>
      within(signal, async () => {
        const { namespace, workflow, run } = activity;
        const handle = new Client({ connection, namespace }).workflow.getHandle(workflow, run);
        return handle.describe().then((found) => endOf(found, activity), gone);
      }),
    close: async () => connection.close(),
  };
}

function endOf({ status, raw }: Description, { activity }: ActivityName): string | undefined {
  if (status.name !== 'RUNNING') return `its workflow is ${status.name.toLowerCase()}`;
  const isPending = (raw.pendingActivities ?? []).some(({ activityId }) => activityId === activity);
  return isPending ? undefined : 'the activity is over, and its workflow goes on';
}

/** A workflow that the server does not know any more is an answer; every other error passes. */
function gone(error: unknown): string {
  if ((error as Error | undefined)?.name === 'WorkflowNotFoundError') return 'Temporal does not know its workflow any more';
  throw error;
}

async function within<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const outcome = await bounded(systemTimer, TIMEOUT, signal, work).catch((cause: unknown) => {
    throw new StoreUnavailableError('Temporal cannot be asked', { store: 'temporal', cause });
  });
  if (outcome.ended === 'value') return outcome.value;
  if (outcome.ended === 'aborted') throw outcome.reason;
  throw new StoreUnavailableError(`Temporal gave no answer within ${TIMEOUT} ms`, { store: 'temporal' });
}

/** @throws `ConfigError` that says what to install. */
async function loadSdk(): Promise<Sdk> {
  return import('@temporalio/client').catch((error: unknown) => {
    throw notLoaded(error, '@temporalio/client', '--temporal');
  }) as unknown as Promise<Sdk>;
}
