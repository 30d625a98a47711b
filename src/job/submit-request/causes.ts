/** An error of some client. Nothing is known of its class: a client may be there in two versions. */
export type AnyError = Readonly<Partial<Record<string, unknown>>>;

const DEPTH = 8;

/** An error and its causes, from the outside in. */
export function causesOf(error: unknown): readonly AnyError[] {
  const found: AnyError[] = [];
  for (let one = error; found.length < DEPTH && typeof one === 'object' && one !== null; one = (one as AnyError)['cause']) {
    found.push(one as AnyError);
  }
  return found;
}

/** A field of something that may be an object. */
export function fieldOf(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as AnyError)[name] : undefined), value);
}
