/**
 * How `doctor()` says that even a small object goes up in parts, as a large one would. Not a part of `ObjectStore`: it travels
 * with the options, under a symbol, which other people's stores ignore.
 */

/** Global: the entry points of the package may each have this module. */
const IN_PARTS = Symbol.for('mooring.in-parts');

/** The options of a put that goes up in parts. */
export function inParts<Options extends object>(options: Options): Options {
  return { ...options, [IN_PARTS]: true };
}

/** Whether a put goes up in parts, whatever its size. */
export function goesInParts(options: object): boolean {
  return (options as { [IN_PARTS]?: boolean })[IN_PARTS] === true;
}
