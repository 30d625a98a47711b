#!/usr/bin/env node
import { createRequire } from 'node:module';
import process from 'node:process';
import { abortController } from '../async/abort.ts';
import { openStateStore } from '../config/config.ts';
import { doctor, reconcile, recover, sweep } from '../index.ts';
import { Interruption } from './interruption.ts';
import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

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

process.exitCode = await run(
  {
    args: process.argv.slice(2),
    env: process.env,
    signal: stop.signal,
    tools: {
      open: openStateStore,
      sweep,
      reconcile,
      recover,
      doctor,
      version: () => (createRequire(import.meta.url)('mooring/package.json') as { version: string }).version,
    },
  },
  createTerminal(process.stdout, process.stderr, process.env),
);
