import type { StoreCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

/** `mooring board`: a page of the jobs, for the person who starts it. */

const HOST = '127.0.0.1';
const LARGEST_PORT = 65_535;

export const boardCommand: StoreCommand = {
  kind: 'store',
  summary: 'show all jobs on a page: what runs, what waits for a person, what failed',
  flags: {
    port: { value: 'PORT', holds: 'the port (any that is free)' },
    host: { value: 'ADDRESS', holds: `the address to listen on (${HOST}: only this machine)` },
    origin: { value: 'URL', many: true, holds: 'where else people reach it, such as through a proxy: https://ops.example.com' },
    'allow-changes': { holds: 'let people answer, reopen and forget; without it the page changes nothing' },
  },
  about: [
    'Prints the address of the page, and serves it until Ctrl-C. The address ends with a token: whoever has it sees every job.',
    'Values are shown only to those who ask for one. To have the page in a server of your own, behind your own login, mount',
    'boardHandler() of mooring/board.',
  ],
  interrupted: 'the page is served no more',
  examples: [
    ['mooring board', 'a page that changes nothing'],
    ['mooring board --allow-changes', 'one with the buttons to answer'],
    ['mooring board --port 8080 --redis redis://cache.internal', 'on a fixed port, for the store of another machine'],
  ],
  plan(given) {
    const options = {
      port: readPort(given.text('port')),
      host: given.text('host') ?? HOST,
      origins: given.texts('origin').map(readOrigin),
      allowChanges: given.has('allow-changes'),
    };
    return async (store, { signal, terminal, tools, json }) => {
      await store.ready({ signal });
      const { url, local, ended } = await tools.serveBoard(store, { ...options, signal });
      if (json) terminal.line(JSON.stringify({ command: 'board', url }));
      else terminal.line(url);
      if (!local) terminal.note('This board is reached from other machines, without encryption: put a proxy with TLS before it.');
      terminal.progress('serving; Ctrl-C ends it');
      await ended;
      throw signal.reason;
    };
  },
};

/** A port; 0 stands for any that is free. */
function readPort(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,5}$/.test(text) || Number(text) > LARGEST_PORT) throw new UsageError('--port must be a whole number up to 65535');
  return Number(text);
}

function readOrigin(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError('--origin must be an address that begins with http:// or https://');
  }
  return new URL(text).origin;
}
