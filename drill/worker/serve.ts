import { withCrashPoint, type Gap } from '../../src/job/protocol/crash-point.ts';
import { messageOf } from '../../src/model/reason.ts';
import type { StateEvent } from '../../src/observe/events.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { hangOnParent } from '../harness/processes.ts';
import type { GapStop, Order, WorkOrder, WorkerMessage } from '../harness/messages.ts';

/** What the workers of every runtime do with their orders: started ahead, they work at one queue when told, and end as they are told. */

/** A runtime's worker at work. */
export interface Working {
  /** Takes it off its queue. */
  close(): Promise<void>;
}

/** Tells the harness. Resolves when that is on its way, whatever becomes of this process then. */
export type Tell = (message: WorkerMessage) => Promise<void>;

/** What a runtime's worker can do. */
export interface Serving<Extra> {
  /** Opens the store of an order. `extra` is none for one that cancels. */
  open(extra: Extra | undefined, onEvent: (event: StateEvent) => void): StateStore;
  work(order: WorkOrder<Extra>, store: StateStore, tell: Tell): Promise<Working>;
  /** Cancels a job, wherever it is. */
  cancel?(queue: string, id: string, store: StateStore): Promise<void>;
}

/** Serves until the harness is gone. `prepare` makes what the orders need. A failure ends this process, with a line that says why. */
export async function serve<Extra>(prepare: () => Promise<Serving<Extra>>): Promise<void> {
  const send = hangOnParent<WorkerMessage>();
  const tell: Tell = (message) => new Promise((resolve) => send(message, resolve));
  // What Mooring warns of is what happens here on purpose.
  process.removeAllListeners('warning');
  const { open, work, cancel } = await prepare().catch(fail);
  let working: Promise<Working> | undefined;
  let goOn = (): void => {};

  const onEvent = (event: StateEvent): void => {
    if (event.type === 'decision') void tell({ type: 'decision', decision: event.decision, attempt: event.attempt });
  };
  const stop = async (): Promise<void> => {
    await (await working)?.close();
    working = undefined;
    await tell({ type: 'stopped' });
  };
  const reached = async ({ how, after }: GapStop): Promise<void> => {
    if (after !== undefined) await new Promise((resolve) => setTimeout(resolve, after));
    if (how === 'die') {
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    }
    if (how === 'close') return void stop();
    const told = new Promise<void>((resolve) => (goOn = resolve));
    await tell({ type: 'reached' });
    return told;
  };
  const obey = async (order: Order<Extra>): Promise<void> => {
    if (order.type === 'work') {
      const store = open(order.extra, onEvent);
      const { at } = order;
      await (working = work(order, at ? stoppingAt(store, at.gap, () => reached(at)) : store, tell));
    } else if (order.type === 'go-on') goOn();
    else if (order.type === 'stop') await stop();
    else {
      await cancel?.(
        order.queue,
        order.id,
        open(undefined, () => undefined),
      );
      await tell({ type: 'cancelled' });
    }
  };
  process.on('message', (order: Order<Extra>) => {
    obey(order).catch(fail);
  });
  await tell({ type: 'ready' });
}

function fail(error: unknown): never {
  process.stderr.write(`a worker ended: ${messageOf(error)}\n`);
  process.exit(1);
}

/** The store, with which the first attempt that reaches the gap does something, and goes on when that is done. */
function stoppingAt(store: StateStore, gap: Gap, act: () => Promise<void>): StateStore {
  let done = false;
  return withCrashPoint(store, async (reached) => {
    if (done || reached !== gap) return;
    done = true;
    await act();
  });
}
