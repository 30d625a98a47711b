/** Cleaning up whatever happens: what was started is stopped in reverse order, once, also after Ctrl-C. */

/** Things to stop. */
export interface Cleanup {
  add(stop: () => Promise<void> | void): void;
  /** Stops all. A second call waits for the first. */
  run(): Promise<void>;
}

/**
 * Begins to listen for Ctrl-C, SIGTERM and SIGHUP: they stop everything and end the process with the shell's exit code. A
 * second one does not wait; even then nothing stays, since every process hangs on a pipe of ours.
 */
export function cleanupOnInterrupt(): Cleanup {
  const stops: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running ??= (async () => {
      for (const stop of stops.toReversed()) await stop();
    })();
    return running;
  };
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (running) process.exit(codes[signal]);
      void run().finally(() => process.exit(codes[signal]));
    });
  }
  return { add: (stop) => void stops.push(stop), run };
}
