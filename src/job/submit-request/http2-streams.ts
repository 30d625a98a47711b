import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

/**
 * Streams of HTTP/2 have no diagnostics channels in Node 20. Node does tell, for the whole process, that one has ended.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/perf_hooks.html#http2-http2-details
 */

/** Watches until it is told to stop. */
export interface StreamWatch {
  /** Whether a stream ended. A runtime that does not tell counts as one in which one did. */
  any(): boolean;
  stop(): void;
}

/** Begins to watch. Node tells of a stream within two turns of the event loop after its end. */
export function watchStreams(): StreamWatch {
  const { supportedEntryTypes } = PerformanceObserver as { supportedEntryTypes?: readonly string[] };
  if (!supportedEntryTypes?.includes('http2')) return { any: () => true, stop: () => undefined };
  let ended = false;
  const take = (entries: readonly PerformanceEntry[]): void => {
    ended ||= entries.some(({ name }) => name === 'Http2Stream');
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['http2'] });
  return {
    any() {
      take(observer.takeRecords());
      return ended;
    },
    stop: () => observer.disconnect(),
  };
}
