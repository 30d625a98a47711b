import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { watchStreams } from './http2-streams.ts';
import { nodeHttpChannels } from './node-http.ts';
import type { Requests, Seen } from './seen.ts';
import { undiciChannels } from './undici.ts';

/** How a call ended. */
export type Outcome<T> = { value: T } | { error: unknown; seen: Seen };

/** The call that is being made, by what it has begun. */
const calls = new AsyncLocalStorage<Requests>();

/** So many turns of the event loop after a failure, everything that belongs to it has been told. */
const TURNS = 3;

/** Makes a call, and sees which requests it makes. Stops to look when the call ends. */
export async function watch<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  const requests: Requests = new Map();
  const mine = (): boolean => calls.getStore() === requests;
  const streams = watchStreams();
  const channels = Object.entries({ ...nodeHttpChannels(requests, mine), ...undiciChannels(requests, mine) });
  for (const [name, listener] of channels) subscribe(name, listener);
  try {
    const ended = await calls.run(requests, async () => inOwnTurn(call));
    if ('value' in ended) return ended;
    for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
    const { error, atOnce } = ended;
    return { error, seen: { requests: [...requests.values()], streams: streams.any(), atOnce } };
  } finally {
    for (const [name, listener] of channels) unsubscribe(name, listener);
    streams.stop();
  }
}

/**
 * Makes a call in a turn of the event loop that is followed at once by another one: Node runs both before it takes in anything from
 * outside. So what has failed by then cannot be the consequence of an answer.
 */
async function inOwnTurn<T>(call: () => Promise<T>): Promise<{ value: T } | { error: unknown; atOnce: boolean }> {
  let atOnce = true;
  return new Promise((resolve) => {
    const make = async (): Promise<void> => {
      try {
        resolve({ value: await call() });
      } catch (error) {
        resolve({ error, atOnce });
      }
    };
    setImmediate(() => void make());
    setImmediate(() => (atOnce = false));
  });
}
