import type { CallOptions } from '../../async/deadline.ts';
import { StaleAttemptError, type ErrorContext } from '../../model/errors/store.ts';
import { createWriter, drawNonce, UNFENCED, type Writer } from '../../format/write-id.ts';
import type { Random } from '../../async/random.ts';
import type { TaskScope } from '../../model/scope.ts';

/** In whose name a handle reads and writes. */
export interface Access {
  /** Whether the scope's fence decides. */
  readonly fenced: boolean;
  /** What entries record as their writer; `undefined` for people and tools. */
  readonly by: TaskScope | undefined;
  /** Called before the first I/O of every operation: an attempt begins here, and rejects once it has ended. */
  writer(call: CallOptions): Promise<Writer>;
  /** Called around every operation. Returns its promise, whose rejection it may count as handled. */
  during<T>(operation: () => Promise<T>): Promise<T>;
  /** A write was refused: a newer attempt owns the scope. Returns the error to throw. */
  refused(where: ErrorContext, holder: string | undefined): StaleAttemptError;
}

/** Access for people and tools: fenced by nothing. */
export function unfencedAccess(random: Random): Access {
  const writer = createWriter(UNFENCED, drawNonce('tool', random));
  const refused: Access['refused'] = (where, holder) => new StaleAttemptError('an attempt holds the fence', { ...where, holder });
  return { fenced: false, by: undefined, writer: () => Promise.resolve(writer), during: (operation) => operation(), refused };
}
