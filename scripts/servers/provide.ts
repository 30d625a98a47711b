/** Several servers, one after the other: two builds at once would only get in each other's way. */
import { provideServer, REFUSED, type BuildOptions } from './binary.ts';
import { SERVER_NAMES, type ServerName } from './list.ts';

/** What came of it: where each is, or one sentence that says how to provide it. */
export type Provided = Partial<Record<ServerName, { path: string } | { refused: string }>>;

/** Provides servers, the quickest to build first. Never rejects. */
export async function provideServers(names: Iterable<ServerName>, options: BuildOptions = {}): Promise<Provided> {
  const wanted = new Set(names);
  const provided: Provided = {};
  for (const name of SERVER_NAMES.filter((one) => wanted.has(one))) {
    provided[name] = await provideServer(name, options).then(
      (path) => ({ path }),
      (error: unknown) => ({ refused: (error as Error).message }),
    );
  }
  return provided;
}

/** The sentences of those that are missing. */
export function refusals(provided: Provided): Partial<Record<ServerName, string>> {
  const missing = Object.entries(provided).flatMap(([name, one]) => ('refused' in one ? [[name, one.refused]] : []));
  return Object.fromEntries(missing) as Partial<Record<ServerName, string>>;
}

/** Provides what tests need, and gives the environment that tells them what is missing, so that each fails at once, and says how. */
export async function provideFor(
  needed: ReadonlyMap<string, readonly ServerName[]>,
  options: BuildOptions = {},
): Promise<Readonly<Record<string, string>>> {
  return { [REFUSED]: JSON.stringify(refusals(await provideServers([...needed.values()].flat(), options))) };
}
