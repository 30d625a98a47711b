import { StaleAttemptError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { suspension } from './suspension.ts';

/**
 * The life of one attempt: what ends it, what goes on in it, and which external jobs it holds. An external job is cancelled only
 * because somebody asked, and only once the record holds its ID.
 */

/** Who asked for the end of external jobs. */
export type CancelReason = 'requested' | 'gave-up';

/** Cancels one external job. Never rejects. */
export type Cancel = (why: CancelReason) => Promise<void>;

/** One attempt, as the runs in it see it. */
export interface Life {
  readonly signal: AbortSignal;
  /** Aborts when nothing of the attempt goes on any more: later than `signal` where a submit is in flight, or jobs are being cancelled. */
  readonly over: AbortSignal;
  readonly log: Logger;
  /** Whether external jobs are to be cancelled. */
  cancelling(): CancelReason | undefined;
  /** Ends the attempt; the first reason stays. */
  abort(reason: unknown): void;
  cancel(reason: unknown, why: CancelReason): void;
  /** A record holds an external job, which has not ended. Known by its name, so holding it again changes nothing. */
  hold(name: string, cancel: Cancel): void;
  /** It ended, or another took its place. */
  letGo(name: string): void;
  /** Counts a run as going on. */
  track<T>(run: Promise<T>): Promise<T>;
  /** Ends the attempt, and resolves when nothing of it goes on. */
  end(): Promise<void>;
}

/** A life that has begun. */
export function createLife(loggers: readonly (Logger | undefined)[]): Life {
  const [controller, over] = [new AbortController(), new AbortController()];
  const held = new Map<string, Cancel>();
  const going = new Set<Promise<unknown>>();
  let cancelling: CancelReason | undefined;

  const track = <T>(work: Promise<T>): Promise<T> => {
    going.add(work);
    const done = (): void => void going.delete(work);
    work.then(done, done);
    return work;
  };
  const abort = (reason: unknown): void => {
    if (!controller.signal.aborted) controller.abort(suspension(reason));
  };

  return {
    signal: controller.signal,
    over: over.signal,
    log: everywhere(loggers.filter((logger) => logger !== undefined)),
    cancelling: () => cancelling,
    abort,
    cancel(reason, why) {
      if (cancelling) return;
      cancelling = why;
      abort(reason);
      for (const cancel of held.values()) void track(cancel(why));
    },
    hold(name, cancel) {
      if (held.has(name)) return;
      held.set(name, cancel);
      if (cancelling) void track(cancel(cancelling));
    },
    letGo: (name) => void held.delete(name),
    track,
    async end() {
      abort(new StaleAttemptError('it has ended'));
      while (going.size > 0) await Promise.allSettled(going);
      over.abort();
    },
  };
}

/** One logger that says everything to all. What a logger throws must not change what an attempt does. */
function everywhere(loggers: readonly Logger[]): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      for (const logger of loggers) {
        try {
          logger[level](fields, message);
        } catch {
          // There is nobody left to tell.
        }
      }
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
