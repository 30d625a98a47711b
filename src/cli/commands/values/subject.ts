import type { StateHandle, StateStore, TaskScope } from '../../../index.ts';
import { ADDRESS_FLAGS, readAddressed, type Address } from '../../address/address.ts';
import { nameOf } from '../../address/name.ts';
import { scopeAt } from '../../address/records.ts';
import type { StoreWork } from '../../command.ts';
import type { Flags, Given } from '../../flags.ts';
import { currentScope } from '../../queue/current.ts';
import { UsageError } from '../../usage-error.ts';

/** Whose state a command is about: that of a task, or that of an asset. */

/** The flags that say it. */
export const SUBJECT_FLAGS: Flags = {
  ...ADDRESS_FLAGS,
  asset: { value: 'NAME', holds: 'the asset of this name, in place of a job' },
  uri: { value: 'URI', holds: 'the asset of this URI, in place of a job' },
};

/** What was named, and the words after it. */
export interface Subject {
  readonly rest: readonly string[];
  find(store: StateStore, work: StoreWork): Promise<NamedState>;
}

/** The state that was named. */
export interface NamedState {
  readonly handle: StateHandle;
  /** For people. */
  readonly name: string;
  /** `undefined` for an asset. */
  readonly scope: TaskScope | undefined;
}

/** @throws {@link UsageError} */
export function readSubject(given: Given): Subject {
  const [name, uri] = [given.text('asset'), given.text('uri')];
  if (name === undefined && uri === undefined) {
    const { address, rest } = readAddressed(given);
    return { rest, find: (store, work) => ofTask(store, work, address) };
  }
  if (Object.keys(ADDRESS_FLAGS).some((flag) => given.text(flag) !== undefined) || (name !== undefined && uri !== undefined)) {
    throw new UsageError('an asset is named by --asset or --uri, and by nothing else');
  }
  const asset = uri === undefined ? { name: name as string } : { uri };
  const found = (store: StateStore): NamedState => ({
    handle: store.asset(asset),
    name: `the asset ${name ?? uri}`,
    scope: undefined,
  });
  return { rest: given.positionals, find: async (store) => found(store) };
}

async function ofTask(store: StateStore, work: StoreWork, address: Address): Promise<NamedState> {
  const scope = await scopeAt(store, address, { signal: work.signal, current: (of) => currentScope(of, work) });
  return { handle: store.task(scope), name: nameOf(scope), scope };
}

/** The key, which is all that follows. @throws {@link UsageError} */
export function readKey([key, unexpected]: readonly string[]): string {
  if (key === undefined) throw new UsageError('a key is missing: mooring show lists those that there are');
  if (unexpected !== undefined) throw new UsageError(`${JSON.stringify(unexpected.slice(0, 40))} is a word too many`);
  return key;
}
