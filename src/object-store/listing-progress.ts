/**
 * How a listing of ours says that it goes on while it yields nothing, so a deadline bounds each folder or page, and not the walk.
 * Not a part of `ObjectStore`: it travels with the options, under a symbol, which other people's stores ignore.
 */

/** Global: the entry points of the package may each have this module. */
const PROGRESS = Symbol.for('mooring.progress');

/** The options, with a function that is called for each folder or page. */
export function withProgress<Options extends object>(options: Options, progress: () => void): Options {
  return { ...options, [PROGRESS]: progress };
}

/** What a listing calls after each folder or page; nothing if nobody waits for it. */
export function progressOf(options: object): () => void {
  return (options as { [PROGRESS]?: () => void })[PROGRESS] ?? (() => undefined);
}
