#!/usr/bin/env node
import { createRequire } from 'node:module';
import process from 'node:process';
import { abortController } from '../async/abort.ts';
import { systemClock } from '../async/clock.ts';
import { serveBoard } from '../board/serve.ts';
import { openStateStore } from '../config/config.ts';
import { doctor, reconcile, recover, sweep } from '../index.ts';
import { createInput } from './input/stdin.ts';
import type { CommandOutcome } from './outcome.ts';
import { Interruption } from './interruption.ts';
import { openQueue } from './queue/bullmq.ts';
import { run } from './run.ts';
import { openTemporal } from './temporal/client.ts';
import { createTerminal } from './terminal.ts';
import type { DrillOrder, DrillWork } from './tools.ts';

/** The command `mooring`: this process, its streams and its signals, and nothing else. */

const stop = abortController();
// Everything that runs at the same time hears it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Heard once: a second signal ends the process at once, as the system does.
  process.once(signal, () => stop.abort(new Interruption(signal)));
}
// The reader of the output may have closed it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const load = createRequire(import.meta.url);
const versionOf = (name: string): string => (load(`${name}/package.json`) as { version: string }).version;

/** A user's module may hold connections, which no drill can close. */
let holdsModule = false;

/** The drill lies right of all rooms, so it is loaded by its place, when it is asked for. */
async function drill(order: DrillOrder, work: DrillWork): Promise<CommandOutcome> {
  holdsModule = true;
  const room = new URL('../../drill/', import.meta.url);
  const { runDrill } = (await import(new URL('command/run.js', room).href)) as {
    runDrill(order: DrillOrder, work: DrillWork & { worker: URL; versionOf: (name: string) => string }): Promise<CommandOutcome>;
  };
  return runDrill(order, { ...work, worker: new URL('worker/main.js', room), versionOf });
}

process.exitCode = await run(
  {
    args: process.argv.slice(2),
    env: process.env,
    signal: stop.signal,
    input: createInput(() => process.stdin),
    tools: {
      open: openStateStore,
      sweep,
      reconcile,
      recover,
      doctor,
      drill,
      clock: systemClock,
      serveBoard,
      queue: openQueue,
      temporal: (address) => openTemporal(address, process.env),
      version: () => versionOf('mooring'),
    },
  },
  createTerminal(process.stdout, process.stderr, process.env),
);
// What was written has to be out first.
if (holdsModule) process.stderr.write('', () => process.stdout.write('', () => process.exit()));
