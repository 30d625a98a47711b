/**
 * How a store of ours says that it goes on. A deadline then bounds each step, and not the whole. Not a part of `ObjectStore`: it
 * travels with the options, under a symbol, which other people's stores ignore.
 *
 * A listing says it after each folder or page. A read says it at its beginning and for all bytes that come. A put says how many
 * bytes more the server has.
 */

/** Global: the entry points of the package may each have this module. */
const PROGRESS = Symbol.for('mooring.progress');

/** Called after each step, with the bytes that a put has moved. */
export type Progress = (moved?: number) => void;

/** The options, with a function that is called for each step. */
export function withProgress<Options extends object>(options: Options, progress: Progress): Options {
  return { ...options, [PROGRESS]: progress };
}

/** What a store calls after each step; nothing if nobody waits for it. */
export function progressOf(options: object): Progress {
  return (options as { [PROGRESS]?: Progress })[PROGRESS] ?? (() => undefined);
}
