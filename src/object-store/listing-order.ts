/**
 * How a listing of ours says that its caller sorts what it gets. Not a part of `ObjectStore`: it travels with the options, under a
 * symbol, which other people's stores ignore.
 */

/** Global: the entry points of the package may each have this module. */
const ANY_ORDER = Symbol.for('mooring.any-order');

/** The options of a listing whose order does not matter. */
export function inAnyOrder<Options extends object>(options: Options): Options {
  return { ...options, [ANY_ORDER]: true };
}

/** Whether the order of a listing does not matter. */
export function takesAnyOrder(options: object): boolean {
  return (options as { [ANY_ORDER]?: boolean })[ANY_ORDER] === true;
}
