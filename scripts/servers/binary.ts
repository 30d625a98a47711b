/**
 * Where the binary of a test server comes from: PATH, else the cache, else Temporal's SDK downloads it into the cache where it is
 * Temporal's, else it is built there by `go install`. Nothing is installed into the system, and a server that is already running is
 * never used.
 */
import { access, constants } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { delimiter, join } from 'node:path';
import { cached, fillOnce } from '../cache.ts';
import { downloadBySdk } from '../temporal/download.ts';
import { goInstall } from './go-install.ts';
import { SERVERS, type Server, type ServerName } from './list.ts';

/** The environment variable in which a test run tells its tests what could not be provided, so that none of them tries again. */
export const REFUSED = 'MOORING_TEST_SERVERS_REFUSED';

/** How to build. */
export interface BuildOptions {
  /** With the lowest priority: something else is going on. @defaultValue false */
  background?: boolean;
  /** Told what is being done, a line at a time. @defaultValue standard error */
  progress?: (line: string) => void;
  /** Has Temporal's SDK download its server. @defaultValue {@link downloadBySdk} */
  download?: typeof downloadBySdk;
}

/** The path of a server's binary in PATH or in the cache; `undefined` where it is in neither. */
async function findServer(name: ServerName): Promise<string | undefined> {
  const { binary, fromPath = true }: Server = SERVERS[name];
  const folders = fromPath ? (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '') : [];
  for (const folder of [...folders, cacheFolder(name)]) {
    if (await isExecutable(join(folder, binary))) return join(folder, binary);
  }
  return undefined;
}

/**
 * The path of a server's binary, built where it is missing.
 *
 * @throws Error whose text is one sentence with each way to provide it.
 */
export async function provideServer(name: ServerName, options: BuildOptions = {}): Promise<string> {
  const found = await findServer(name);
  if (found !== undefined) return found;
  const refusal = (JSON.parse(process.env[REFUSED] ?? '{}') as Partial<Record<ServerName, string>>)[name];
  if (refusal !== undefined) throw new Error(refusal);
  const { binary, program, version, replace = {}, fromPath = true, fromSdk = false }: Server = SERVERS[name];
  const { background = false, progress = (line) => void process.stderr.write(`${line}\n`), download = downloadBySdk } = options;
  const folder = cacheFolder(name);
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(0)} s`;
  const timer = setInterval(() => progress(`${name}: ${seconds()} so far`), 30_000).unref();
  let came = 'built';
  try {
    const missing = `${name}: neither in PATH nor in the cache`;
    await fillOnce(folder, async (temporary) => {
      if (fromSdk) {
        progress(`${missing}, asking Temporal's SDK for ${version} (once)`);
        if (await download(version, binary, temporary)) return void (came = 'downloaded');
      }
      progress(`${missing}, building ${program}@${version} (once)`);
      await goInstall({ program, version, replace }, binary, temporary, background);
    });
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ').trim();
    throw new Error(
      `${binary} ${fromPath ? '' : `${version} `}is needed, is neither in PATH nor in the cache, and could not be built (${reason}): ` +
        `${fromPath ? `put ${binary} into PATH, or ` : ''}put it at ${join(folder, binary)}, ` +
        'or install Go 1.25.8 or later and run this again with a network',
      { cause: error },
    );
  } finally {
    clearInterval(timer);
  }
  progress(`${name}: ${came} in ${seconds()}`);
  return join(folder, binary);
}

function cacheFolder(name: ServerName): string {
  // Two versions of one program are two servers here.
  return cached('go', `${platform()}-${arch()}`, `${name.replace(/-next$/, '')}@${SERVERS[name].version}`);
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
