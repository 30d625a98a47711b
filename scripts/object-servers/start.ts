/** A server of objects that runs on a free port of 127.0.0.1, with its data in a temporary folder; it ends when we do. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, onFreePort } from '../free-port.ts';
import { keep } from '../../test/support/keeper.ts';
import type { ObjectServer } from './list.ts';
import { provideProgram } from './provide.ts';

/** A server that runs. */
export interface StartedObjectServer {
  readonly endpoint: string;
  hasEnded(): boolean;
  /** Kills it, and removes its folder. */
  end(): Promise<void>;
}

/** Provides a server, starts it, and resolves when it answers. */
export async function startObjectServer(server: ObjectServer): Promise<StartedObjectServer> {
  const { source, files, args, name, morePorts = 0 } = server;
  const program = await provideProgram(source);
  const [command, ...own] = program.command;
  const { kept, endpoint } = await onFreePort(async (port) => {
    const endpoint = `http://127.0.0.1:${port}`;
    const folder = await mkdtemp(join(tmpdir(), `mooring-${name.replaceAll(/\W+/g, '-')}-`));
    await mkdir(join(folder, 'data'));
    for (const [file, text] of Object.entries(files?.(port, folder) ?? {})) await writeFile(join(folder, file), text);
    const more: number[] = [];
    while (more.length < morePorts) more.push(await freePort());
    const kept = await keep({
      command,
      args: [...own, ...args(port, folder, more)],
      env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, GOMAXPROCS: '2', ...program.env },
      remove: folder,
      answers: async () => (await fetch(endpoint)).status < 500,
    });
    return { kept, endpoint };
  });
  return { endpoint, hasEnded: kept.hasEnded, end: kept.end };
}
