/** Cleaning up whatever happens: everything that was started is stopped in reverse order, once, also after Ctrl-C. */

/** Things to stop. */
export interface Cleanup {
  add(stop: () => Promise<void> | void): void;
  /** Aborts when the stopping begins: nothing more is to be started. */
  readonly signal: AbortSignal;
  /** Stops all. A second call waits for the first. */
  run(): Promise<void>;
}

/** Things to stop, in the order in which they were started. */
export function cleanupStack(): Cleanup {
  const stops: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  return {
    signal: stopping.signal,
    add(stop) {
      if (running) void running.then(stop);
      else stops.push(stop);
    },
    run() {
      stopping.abort(new Error('interrupted'));
      running ??= (async () => {
        for (const stop of stops.toReversed()) {
          try {
            await stop();
          } catch (error) {
            process.stderr.write(`while stopping: ${(error as Error).message}\n`);
          }
        }
      })();
      return running;
    },
  };
}

/**
 * The same, and from now on Ctrl-C, SIGTERM and SIGHUP stop everything and end the process with the shell's exit code. A second
 * one does not wait; even then nothing stays, since every process hangs on a pipe of ours.
 */
export function cleanupOnInterrupt(): Cleanup {
  const cleanup = cleanupStack();
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(codes[signal]);
      interrupted = true;
      void cleanup.run().finally(() => process.exit(codes[signal]));
    });
  }
  return cleanup;
}
