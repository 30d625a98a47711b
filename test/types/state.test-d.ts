import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { expectTypeOf } from 'expect-type';
import {
  createStateStore,
  type Duration,
  type Entry,
  type StateHandle,
  type StateStore,
  type TaskContext,
  type Version,
} from 'mooring';
import { memoryMetastore, memoryStateStore } from 'mooring/testing';

declare const store: StateStore;
const scope = { flow: 'billing', run: '2026-11', task: 'export' };

// A shape names the values once; every method knows them.
interface Progress {
  cursor: number;
  pages: { url: string; etag?: string }[];
  manifest: Uint8Array;
}
const state = store.task<Progress>(scope);

expectTypeOf(state.get('cursor')).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(state.get('manifest')).resolves.toEqualTypeOf<Uint8Array | undefined>();
expectTypeOf(state.getEntry('cursor')).resolves.toEqualTypeOf<(Entry & { value: number }) | undefined>();
expectTypeOf(state.getMany(['cursor', 'pages'])).resolves.toEqualTypeOf<Partial<Pick<Progress, 'cursor' | 'pages'>>>();
expectTypeOf(state.set('cursor', 1)).resolves.toEqualTypeOf<Entry>();
expectTypeOf(state.getOrSet('cursor', () => Promise.resolve(1))).resolves.toEqualTypeOf<number>();
expectTypeOf(state.update('cursor', (current = 0) => current + 1)).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(state.setStream('manifest', createReadStream('manifest'))).resolves.toEqualTypeOf<Entry>();
expectTypeOf(state.setStream('manifest', new Blob([]).stream(), { ifVersion: 'absent' })).resolves.toEqualTypeOf<Entry>();
expectTypeOf(state.getStream('manifest')).resolves.toEqualTypeOf<Readable | undefined>();
expectTypeOf(state.entries({ prefix: 'c' })).toEqualTypeOf<AsyncIterable<Entry>>();
expectTypeOf(store.asset({ name: 'catalogue' }).get('anything')).resolves.toEqualTypeOf<unknown>();

// What is not of the shape does not compile.
// @ts-expect-error: no such key
void state.get('curser');
// @ts-expect-error: not of that type
void state.set('cursor', '1');
declare const texts: AsyncIterable<string>;
// @ts-expect-error: a stream is made of bytes
void state.setStream('manifest', texts);
// @ts-expect-error: and comes in parts
void state.setStream('manifest', new Uint8Array(1));
// @ts-expect-error: nor does update() change the type
void state.update('cursor', () => '1');
// @ts-expect-error: the type stands where the handle is named; get<T>() would be a cast in disguise
void store.task(scope).get<number>('cursor');

// A value that cannot be stored does not compile, at any depth.
// @ts-expect-error: a Date
store.task<{ at: Date }>(scope);
// @ts-expect-error: a Date inside
store.task<{ pages: { at: Date }[] }>(scope);
// @ts-expect-error: a Map
store.task<{ seen: Map<string, number> }>(scope);
// @ts-expect-error: a Set
store.task<{ seen: Set<string> }>(scope);
// @ts-expect-error: a bigint
store.task<{ total: bigint }>(scope);
// @ts-expect-error: a function
store.task<{ next: () => void }>(scope);
// @ts-expect-error: bytes inside JSON
store.task<{ page: { body: Uint8Array } }>(scope);
// @ts-expect-error: null stands for nothing
store.task<{ owner: string | null }>(scope);
// @ts-expect-error: undefined stands for nothing
store.task<{ owner: string | undefined }>(scope);
// @ts-expect-error: a Buffer comes back as a Uint8Array
store.task<{ file: Buffer }>(scope);
store.task<{ file: Uint8Array; part: Uint8Array<ArrayBuffer> }>(scope);
void store.task<{ file: Uint8Array }>(scope).set('file', Buffer.from('text')); // and is stored as one
void store.task(scope).set('at', new Date()); // without a shape only the call can refuse it
store.task<{ owner: { name: string | null; nick?: string } }>(scope); // null and absent properties inside are JSON

// A condition has two halves: a key that is not there yet has no version.
const entry = await state.getEntry('cursor');
void state.set('cursor', 1, { ifVersion: entry?.version ?? 'absent' });
// @ts-expect-error: forgot what to do where there is none
void state.set('cursor', 1, { ifVersion: entry?.version });
// @ts-expect-error: a version is opaque
void state.set('cursor', 1, { ifVersion: '7' });
expectTypeOf<string>().not.toExtend<Version>();

// A helper may ask for a part of the shape.
async function advance(handle: StateHandle<{ cursor: number }>): Promise<void> {
  await handle.set('cursor', 1);
}
void advance(state);
void advance(store.task<{ cursor: number; other: string }>(scope));
// @ts-expect-error: but not for what is not there
void advance(store.task<{ other: string }>(scope));
async function step(ctx: TaskContext<{ cursor: number }>): Promise<void> {
  await advance(ctx.state);
}
declare const wide: TaskContext<{ cursor: number; fileId: string }>;
void step(wide);
declare const items: TaskContext<{ cursor: number }>;
expectTypeOf(items.item('a').state.get('cursor')).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(items.item<{ page: string }>(0).state.get('page')).resolves.toEqualTypeOf<string | undefined>();
expectTypeOf(items.asset<{ revision: number }>({ uri: 's3://x/y' }).get('revision')).resolves.toEqualTypeOf<number | undefined>();

// Scopes: an index or a key, not both; a name or a URI, not both.
store.task({ ...scope, mapIndex: 0 });
store.task({ ...scope, itemKey: 'chapter-1' });
// @ts-expect-error: both
store.task({ ...scope, mapIndex: 0, itemKey: 'chapter-1' });
// @ts-expect-error: no task
store.task({ flow: 'billing', run: '2026-11' });
store.asset({ uri: 's3://x/y' });
// @ts-expect-error: both
store.asset({ name: 'catalogue', uri: 's3://x/y' });
// @ts-expect-error: neither
store.asset({});

// Lengths of time.
const lengths: Duration[] = ['250ms', '30s', '1.5h', '7d', 1000];
void lengths;
// @ts-expect-error: no such unit
const weeks: Duration = '2w';
void weeks;
createStateStore({ metastore: memoryMetastore(), retention: 'forever' });
// @ts-expect-error: 'forever' has one spelling
createStateStore({ metastore: memoryMetastore(), retention: null });
// @ts-expect-error: a metastore comes from a factory
createStateStore({ metastore: {} });
// @ts-expect-error: no such codec by name
createStateStore({ metastore: memoryMetastore(), codec: 'lz4' });
createStateStore({ metastore: memoryMetastore(), logger: console });

// A store is disposable, and the one for tests is a store.
await using opened: StateStore = memoryStateStore();
expectTypeOf(opened.close()).resolves.toEqualTypeOf<void>();
