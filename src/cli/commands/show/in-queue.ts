import type { TaskScope } from '../../../index.ts';
import { bounded, systemTimer } from '../../../async/deadline.ts';
import type { StoreWork } from '../../command.ts';
import { cutTo, oneLine } from '../../layout/text.ts';
import { placeOf } from '../../queue/place.ts';
import { REMAINS } from '../../queue/queue.ts';
import { jobAt } from '../../queue/retry.ts';

/** What the queue thinks of the job. */

/** A job as its queue has it. */
export interface InQueue {
  /** One of BullMQ's words, or `gone`. */
  readonly state: string;
  /** Why it failed: what the queue stores, and nothing else. */
  readonly failedReason?: string;
}

/** So long the queue is waited for: the rest is known without it. */
const PATIENCE = 2_000;

/** Asks the queue. `undefined`: the scope is of no queue, BullMQ is not installed, or the queue gives no answer. */
export async function inQueue(scope: TaskScope, { withQueue, signal }: StoreWork): Promise<InQueue | undefined> {
  const place = placeOf(scope, { job: undefined });
  if (place?.runtime !== 'bullmq') return undefined;
  try {
    const ask = (call: AbortSignal) => withQueue(place, (queue) => jobAt(queue, place, call));
    const outcome = await bounded(systemTimer, PATIENCE, signal, ask);
    if (outcome.ended !== 'value') return undefined;
    const { state = 'unknown', failedReason } = outcome.value ?? {};
    if (state === 'unknown' || state === REMAINS) return { state: 'gone' };
    return { state, ...(state === 'failed' && failedReason !== undefined && { failedReason }) };
  } catch {
    return undefined;
  } finally {
    signal.throwIfAborted();
  }
}

const WIDTH = 200;

/** The same in one line. */
export function inQueueInWords({ state, failedReason }: InQueue): string {
  return failedReason === undefined || failedReason === '' ? state : cutTo(WIDTH, oneLine(`${state}: ${failedReason}`));
}
