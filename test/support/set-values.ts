/** The values of a key that several processes write, one after the other: each is told from the others at any of its bytes. */

/** The new one has three parts of any upload at least. */
const VALUES = { old: filled(2 * 2 ** 20, 'd'), new: filled(17 * 2 ** 20, 'w'), next: filled(100_000, 'x') };

function filled(length: number, letter: string): Uint8Array {
  return new Uint8Array(length).fill(letter.charCodeAt(0));
}

/** Which one. */
export type ValueName = keyof typeof VALUES;

/** Its bytes. */
export function valueOf(name: ValueName): Uint8Array {
  return VALUES[name];
}

/** Which one it is; `undefined` where it is none of them, or not whole. */
export function nameOf(bytes: Uint8Array | undefined): ValueName | undefined {
  return (Object.keys(VALUES) as ValueName[]).find((name) => bytes && Buffer.compare(VALUES[name], bytes) === 0);
}
