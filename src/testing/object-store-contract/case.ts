import type { ObjectStore } from '../../object-store/object-store.ts';

/** What the cases of the contract are made of. */

/** One thing that every object store must do. */
export interface ContractCase {
  /** For a person, and for the test runner. */
  readonly name: string;
  /** Opens a store, tries it, and closes it. Takes no argument: what a runner hands to a test is ignored. */
  readonly run: () => Promise<void>;
}

/** A store with nothing in it, and how to take it down. */
export interface OpenedObjectStore {
  store: ObjectStore;
  close?(): Promise<unknown>;
}

/** The test of a case, with an empty store. */
export type Trial = readonly [name: string, run: (store: ObjectStore) => Promise<void>];

/** The key of an object of a value. */
export function objectOf(name: string, object = '1.json'): string {
  return `default/films/2026-11-22/transcode/-1/${name}/${object}`;
}

/** Puts an object if there is none. */
export function put(store: ObjectStore, key: string, body: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  return store.put(key, typeof body === 'string' ? bytes(body) : body, { ifAbsent: true });
}

/** The text of an object; `undefined` if there is none. */
export async function read(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found);
}

/** The keys of a listing. */
export async function keys(store: ObjectStore, prefix = ''): Promise<string[]> {
  return (await all(store.list(prefix))).map(({ key }) => key);
}

/** All items that a stream or a listing yields. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The keys that could not be deleted, each with the code of its error. */
export function codes(failed: Awaited<ReturnType<ObjectStore['delete']>>): unknown[][] {
  return failed.map(({ key, error }) => [key, (error as { code?: unknown }).code]);
}

/** A text as bytes. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** This many bytes of one value. */
export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
