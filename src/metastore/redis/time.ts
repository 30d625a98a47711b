/** The server's time, as far as it is known without asking. */
export interface ServerTime {
  /** A time that the server gave just now. */
  observe(serverTime: number): void;
  /** At most the server's time now, in milliseconds; `undefined` before anything was observed. */
  atLeast(): number | undefined;
}

/**
 * The server gave its time before we received it, so at least as much time has passed there as here. A monotonic clock counts it:
 * this machine's own idea of the time does not matter.
 */
export function createServerTime(monotonic: () => number): ServerTime {
  let offset: number | undefined;
  return {
    observe(serverTime) {
      offset = serverTime - monotonic();
    },
    atLeast: () => (offset === undefined ? undefined : Math.floor(offset + monotonic())),
  };
}
