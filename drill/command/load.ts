import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../../src/cli/usage-error.ts';
import { ConfigError } from '../../src/model/errors/store.ts';
import { messageOf } from '../../src/model/reason.ts';
import { requireDrill, type AnyDrill } from '../definition.ts';

/** The module that a user wrote. Its worker processes load it again, each for itself. */

/** What is told about a TypeScript that this process cannot read. */
const TYPESCRIPT =
  'this Node.js cannot read TypeScript by itself: install tsx, and set NODE_OPTIONS="--import tsx" for mooring drill, or give what was compiled';

/** The address of a module by its file. */
export function moduleUrl(file: string): string {
  return pathToFileURL(resolve(file)).href;
}

/**
 * Loads a module.
 *
 * @param named - The module, as its user knows it.
 * @throws {@link UsageError} if it cannot be loaded, or does not export a drill.
 */
export async function loadDrill(url: string, named: string): Promise<AnyDrill> {
  const exported = await import(url).catch((error: unknown) => {
    const { code } = Object(error) as { code?: string };
    const why = code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(named) ? TYPESCRIPT : messageOf(error);
    throw new UsageError(`${named} cannot be loaded: ${why}`, { cause: error });
  });
  const drill = defaultOf(exported);
  if (drill === undefined) {
    throw new UsageError(`${named} has no default export: export default defineDrill({ job, input, count }) of mooring/drill`);
  }
  try {
    requireDrill(drill);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`the default export of ${named} is no drill: ${error.message}`, { cause: error });
  }
  return drill as AnyDrill;
}

/** A module in CommonJS that was compiled from an ES module has its default export below another one. */
function defaultOf(exported: { default?: unknown }): unknown {
  const outer = exported.default;
  const inner = (outer as { default?: unknown; __esModule?: boolean } | null | undefined) ?? undefined;
  return inner?.__esModule === true ? inner.default : outer;
}
