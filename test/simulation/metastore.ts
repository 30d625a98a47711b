import { OutcomeUnknownError, StoreUnavailableError } from '../../src/model/errors/store.ts';
import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import { wrapOperations, type OperationName } from '../../src/metastore/operations.ts';
import type { Process, World } from './world.ts';

/** The way of one process to the metastore: slow, at times broken, and at times bringing a command twice. */

const COMMAND_TIMEOUT = 10_000;
const NAME = 'sim';

/** A call that can be late is late by less than the lateness limit. */
const LATEST = 50 * 60_000;

/** The metastore is away for a while. */
export interface Outage {
  until: number;
  /** A command was done; its answer is lost if that begins an outage. */
  did(method: OperationName): void;
}

/** Options of `simMetastore()`. */
export interface SimMetastoreOptions {
  faulty: () => boolean;
  /** Called after whatever may have changed something, with the path of the scope. */
  applied: (path: string) => void;
  /** Copies of commands that are still to arrive. */
  copies: { inFlight: number };
  /** When it answers nobody. */
  outage: Outage;
}

/** The metastore as a process sees it. */
export function simMetastore(
  world: World,
  inner: OpenMetastore,
  process: Process,
  { faulty, applied, copies, outage }: SimMetastoreOptions,
): OpenMetastore {
  return wrapOperations(inner, (operation, method) => {
    const apply = async (args: unknown[]): Promise<unknown> => {
      const reply = await operation(...args);
      applied((args[0] as { path?: string } | undefined)?.path ?? '');
      return reply;
    };
    return async (...args: unknown[]): Promise<unknown> => {
      const write = args[1] as { letter?: string; resent?: boolean } | undefined;
      if (write?.letter === 's' && write.resent === false)
        process.wroteAheadAt.set((args[0] as { path: string }).path, world.now());
      await world.delay(process, 5_000);
      const away = world.now() < outage.until;
      if (away && world.chance(0.5)) {
        await unanswered(world, process);
        throw new OutcomeUnknownError('no-answer', 'no answer', { store: NAME });
      }
      if (away || (faulty() && world.chance(0.03))) {
        if (!away) world.note(`${process.name} ${method}: not sent`);
        throw new StoreUnavailableError('no connection', { store: NAME });
      }
      if (faulty() && world.chance(0.04)) {
        world.note(`${process.name} ${method}: a copy stays in flight`);
        copies.inFlight += 1;
        world.after(world.chance(0.5) ? world.between(0, 5_000) : world.between(0, LATEST), () => {
          copies.inFlight -= 1;
          world.note(`a late copy of ${process.name}'s ${method} arrives`);
          void apply(args).catch(() => undefined);
        });
        if (world.chance(0.5)) {
          await unanswered(world, process);
          throw new OutcomeUnknownError('no-answer', 'no answer', { store: NAME });
        }
      }
      const reply = await apply(args);
      if (method !== 'fences.begin' || world.log.length < 10_000)
        world.note(`${process.name} ${method}${summary(args)}: ${kindOf(reply)}`);
      outage.did(method);
      if (world.now() < outage.until || (faulty() && world.chance(0.04))) {
        world.note(`${process.name} ${method}: reply lost`);
        await unanswered(world, process);
        throw new OutcomeUnknownError('no-answer', 'no answer', { store: NAME });
      }
      await world.delay(process, 5_000);
      return reply;
    };
  });
}

function unanswered(world: World, process: Process): Promise<void> {
  return new Promise((resolve) => void world.after(COMMAND_TIMEOUT, resolve, process));
}

function summary(args: readonly unknown[]): string {
  const write = args[1] as { letter?: string; submission?: number; withdraw?: boolean } | undefined;
  return write?.letter === undefined ? '' : ` ${write.letter}${write.submission}${write.withdraw ? ' withdraw' : ''}`;
}

function kindOf(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'kind' in reply ? String(reply.kind) : String(reply);
}
