import { randomUUID } from 'node:crypto';
import { until } from '../support/until.ts';
import { attempt, tool, type Round } from './clients.ts';
import { createHistory, type Operation } from './history.ts';
import { startServers, type FaultName } from './servers.ts';

/** Histories on real servers: in each, one key of one scope is used by all clients while one fault begins and ends. */

/** What happened while a fault came again and again. */
export interface Happened {
  readonly fault: FaultName;
  readonly histories: readonly (readonly Operation[])[];
  /** Errors that no fault explains. */
  readonly wrong: readonly string[];
}

const CALLS = 6;
const ATTEMPTS = 3;
const TOOLS = 2;
/** So many calls are to fail in a fault before it ends. */
const FELT = 3;

/** Lets histories happen until it is enough: at least one. */
export async function happenUnder(fault: FaultName, isEnough: () => boolean, random = Math.random): Promise<Happened> {
  const servers = await startServers(fault);
  const opened = Array.from({ length: TOOLS + ATTEMPTS }, servers.open);
  const histories: (readonly Operation[])[] = [];
  const wrong: string[] = [];
  let value = 0;
  try {
    for (const store of opened)
      await until(() =>
        store.ready().then(
          () => true,
          () => false,
        ),
      );
    do {
      const history = createHistory();
      const scope = { flow: 'histories', run: randomUUID(), task: fault };
      const round: Round = { scope, history, random, fresh: () => (value += 1) };
      let over = false;
      const begun = (calls: number): Promise<void> =>
        until(() => over || history.operations.length + history.troubled() >= calls);
      const clients = opened.map(async (store, index) => {
        if (index < TOOLS) return tool(round, -1 - index, store, CALLS);
        const number = index - TOOLS + 1;
        await begun(8 * (number - 1));
        return attempt(round, number, store, CALLS);
      });
      const happens = async (): Promise<void> => {
        await begun(Math.floor(4 + random() * 20));
        const before = history.troubled();
        await servers.fault(() => until(() => over || history.troubled() >= before + FELT));
      };
      const ends = Promise.all(clients).finally(() => (over = true));
      await Promise.all([ends, happens()]);
      histories.push(servers.readsCount ? history.operations : history.operations.filter(wrote));
      wrong.push(...history.wrong);
    } while (!isEnough());
    return { fault, histories, wrong };
  } finally {
    await Promise.all(opened.map((store) => store.close().catch(() => undefined)));
    await servers.stop();
  }
}

/** Whether an operation tells of a write of its own, and not only of what it read. */
function wrote({ kind, outcome, value, to }: Operation): boolean {
  if (outcome === 'stale' || outcome === 'conflict') return false;
  return kind !== 'get' && !(kind === 'get-or-set' && outcome === 'ok' && value !== to);
}
