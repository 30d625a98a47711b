/** The values of a key that several processes write, one after the other: each is told from the others at any of its bytes. */

const SIZES = { old: 2 * 2 ** 20, new: 8 * 2 ** 20, next: 100_000 };

/** Which one. */
export type ValueName = keyof typeof SIZES;

/** Its bytes. */
export function valueOf(name: ValueName): Uint8Array {
  return new Uint8Array(SIZES[name]).fill(name.charCodeAt(2));
}

/** Which one it is; `undefined` where it is none of them, or not whole. */
export function nameOf(bytes: Uint8Array | undefined): ValueName | undefined {
  return (Object.keys(SIZES) as ValueName[]).find((name) => bytes && Buffer.compare(valueOf(name), bytes) === 0);
}
