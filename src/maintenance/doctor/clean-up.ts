import type { CallOptions } from '../../async/deadline.ts';
import { inParts, longestProbeKey, probeKey } from '../../state-store/objects/probe.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import type { Internals } from '../../state-store/internals.ts';
import { inSteps, within, type ObjectCall } from '../../state-store/objects/calls.ts';
import { listObjects, stepped } from '../../state-store/objects/listing.ts';
import type { Findings } from './finding.ts';

/** What `doctor()` finds out before clean-up fails: what only large objects, long names and the tools ask of an object store. */

const REMEDIES = {
  'longest-name': 'Shorten the prefix of the object store, or use one that takes names of 1,024 bytes.',
  'upload-in-parts':
    'Values above the part size cannot be stored. Allow uploads in parts (s3:PutObject, s3:AbortMultipartUpload), use a server that takes them under names of 1,024 bytes, or raise partSize above your largest value.',
  'listing-order':
    'reconcile() and recover() need a listing in the order of the names; use a server that sorts by bytes. Writes and sweep() work.',
  'delete-many': 'Allow deletes (s3:DeleteObject, storage.objects.delete); until then sweep() and reconcile() remove nothing.',
  'unfinished-uploads':
    'Allow s3:ListBucketMultipartUploads, or let a rule of the bucket end unfinished uploads, as `mooring lifecycle` prints it.',
} as const;

/** Names that an order without case, by words, or by folders would swap. In the order of their bytes. */
const NAMES = ['Zprobe', 'aprobe', 'probe-z', 'probe', 'probe0'] as const;

/** Looks at what clean-up needs of the current object store. Leaves nothing behind, if it may delete. */
export async function examineCleanUp(core: Internals, store: ObjectStore, findings: Findings, call: CallOptions): Promise<void> {
  const at: ObjectCall = { store, where: {}, call };
  const now = await core.metastore.now(call);
  const keys: string[] = [];
  const put = async (key: string, mark: <T extends object>(options: T) => T = (options) => options): Promise<void> => {
    keys.push(key);
    await within(core, at, 'putting an object', (signal) =>
      store.put(key, Buffer.from('doctor'), mark({ signal, ifAbsent: true })),
    );
  };
  const look = (check: keyof typeof REMEDIES, message: string, work: () => Promise<void>): Promise<boolean> =>
    findings.look(check, REMEDIES[check], async () => {
      await work();
      findings.ok(check, `${store.alias} ${message}`);
    });

  try {
    const long = await look('longest-name', 'takes the longest name', () => put(longestProbeKey(core, now)));
    // Some servers take a long name only of an object that is put at once.
    const key = long ? longestProbeKey(core, now) : probeKey(core, now, 'parts');
    await look('upload-in-parts', 'takes an upload in parts', () => put(key, inParts));
    await look('listing-order', 'lists in the order of the names', async () => {
      for (const name of NAMES) await put(probeKey(core, now, name));
      await requireOrder(core, at, keys.slice(-NAMES.length));
    });
    await look('delete-many', 'deletes several objects at once', () => remove(core, at, keys.splice(0)));
  } finally {
    if (keys.length > 0) void core.track(() => remove(core, { ...at, call: {} }, keys)).catch(() => undefined);
  }
  const unfinished = store.unfinished?.bind(store);
  if (!unfinished) return;
  await look('unfinished-uploads', 'lists unfinished uploads', async () => {
    const begin = (own: { signal: AbortSignal }): AsyncIterable<unknown> =>
      unfinished(new Date(0), { ...own, prefix: `${core.namespace}/`, remove: false });
    for await (const _upload of stepped(core, at, 'looking for unfinished uploads', begin));
  });
}

async function requireOrder(core: Internals, at: ObjectCall, wanted: readonly string[]): Promise<void> {
  const [first = ''] = wanted;
  const found: string[] = [];
  const prefix = first.split('/').slice(0, 3).join('/');
  for await (const { key } of listObjects(core, at, `${prefix}/`)) if (wanted.includes(key)) found.push(key);
  if (found.length < wanted.length) throw new StoreUnavailableError('a listing lacks an object', { store: at.store.alias });
  if (found.join() !== wanted.toSorted(byBytes).join()) {
    throw new StoreUnavailableError('a listing is not in the order of the names', { store: at.store.alias });
  }
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : 1;
}

async function remove(core: Internals, at: ObjectCall, keys: readonly string[]): Promise<void> {
  const [failed] = await inSteps(core, at, 'deleting objects', (own) => at.store.delete(keys, own));
  if (failed) throw new StoreUnavailableError('deleting objects failed', { store: at.store.alias, cause: failed.error });
}
