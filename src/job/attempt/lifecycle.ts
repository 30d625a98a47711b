import { abortController } from '../../async/abort.ts';
import { StaleAttemptError } from '../../model/errors/store.ts';
import { plainFields } from '../../observe/guarded-logger.ts';
import type { Logger } from '../../observe/logger.ts';
import { suspension } from './suspension.ts';

/** The life of one attempt: what is running in it, and what ends it. */

/** Who asked for the end of external jobs. */
export type CancelReason = 'requested' | 'gave-up';

/** One attempt, as the runs in it see it. */
export interface Life {
  /** Made when it is first asked for: most attempts need none. */
  readonly signal: AbortSignal;
  /** Throws the reason of the end, once the attempt has ended. */
  throwIfOver(): void;
  readonly log: Logger;
  /** Whether external jobs are to be cancelled. */
  cancelling(): CancelReason | undefined;
  /** Ends the attempt. The first reason wins. */
  abort(reason: unknown): void;
  cancel(reason: unknown, why: CancelReason): void;
  /** Notes a recorded failure. The attempt must end as failed, or the next submission would cost no attempt. */
  fail(error: Error): void;
  /**
   * The failure of an external job that this attempt has recorded. However the attempt ends, its runtime must count it as failed
   * with this error: the next attempt makes the next submission.
   */
  failure(): Error | undefined;
  /** Whether a run, or another operation of the context, rejected because the attempt was stopped. */
  interrupted(): boolean;
  /**
   * Watches how an operation of user code ends. Returns the same promise. If nobody listens to it, its rejection does not end the
   * process.
   */
  watch<T>(work: Promise<T>): Promise<T>;
  /** As `watch`, and the end of the attempt waits for it. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Ends the attempt, and resolves when nothing of it is running. */
  end(): Promise<void>;
}

/** Begins a life. `cancelAll` cancels the recorded external jobs, each once, and never rejects. */
export function createLife(loggers: readonly (Logger | undefined)[], cancelAll: (why: CancelReason) => Promise<void>): Life {
  let controller: AbortController | undefined;
  /** Why it ended. An attempt that ends as it should needs no error, unless somebody goes on with it. */
  let reasonOf: (() => object) | undefined;
  const going = new Set<Promise<unknown>>();
  let cancelling: CancelReason | undefined;
  let interrupted = false;
  let failure: Error | undefined;
  let ended = false;

  const watch = <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => (interrupted ||= reasonOf !== undefined && !ended));
    return work;
  };
  const track = <T>(work: Promise<T>): Promise<T> => {
    going.add(work);
    const done = (): void => void going.delete(work);
    work.then(done, done);
    return watch(work);
  };
  const stop = (why: () => object): void => {
    if (reasonOf) return;
    let reason: object | undefined;
    reasonOf = () => (reason ??= why());
    controller?.abort(reasonOf());
  };
  const abort = (reason: unknown): void => {
    const marked = reasonOf ? undefined : suspension(reason);
    if (marked) stop(() => marked);
  };
  return {
    get signal() {
      if (!controller) {
        controller = abortController();
        if (reasonOf) controller.abort(reasonOf());
      }
      return controller.signal;
    },
    throwIfOver() {
      if (reasonOf) throw reasonOf();
    },
    log: everywhere(loggers.filter((logger) => logger !== undefined)),
    cancelling: () => cancelling,
    abort,
    cancel(reason, why) {
      if (cancelling) return;
      cancelling = why;
      abort(reason);
      void track(cancelAll(why));
    },
    fail: (error) => void (failure ??= error),
    failure: () => failure,
    interrupted: () => interrupted,
    watch,
    track,
    async end() {
      ended = true;
      stop(() => suspension(new StaleAttemptError('it has ended')));
      while (going.size > 0) await Promise.allSettled(going);
    },
  };
}

/** One logger that passes every line to all. An error of a logger must not change what an attempt does. */
function everywhere(loggers: readonly Logger[]): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      const told = plainFields(fields);
      for (const logger of loggers) {
        try {
          logger[level](told, message);
        } catch {
          // Nobody is left to tell.
        }
      }
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
