import { notLoaded } from '../../model/errors/not-loaded.ts';
import { ConfigError } from '../../model/errors/store.ts';

/**
 * TLS, API key and headers for a Temporal server, as all of Temporal's SDKs and its command read them: from variables
 * `TEMPORAL_…`, and from a profile of a file.
 *
 * @see https://docs.temporal.io/develop/environment-configuration
 */

/** The variables of a process. */
export type TemporalVariables = Readonly<Record<string, string | undefined>>;

/** What a connection needs besides its address. */
export interface TemporalAccess {
  readonly tls?: unknown;
  readonly apiKey?: string | undefined;
  readonly metadata?: unknown;
}

/** Without the package, a server that needs one of these would only say that it cannot be reached. */
const NEEDS_PACKAGE = /^TEMPORAL_(?:API_KEY|CONFIG_FILE|GRPC_META_.+|PROFILE|TLS(?:_.+)?)$/;

/**
 * What the variables and the file say. Without the package nothing is read.
 *
 * @throws {@link ConfigError} if a variable is set that only the package can read, or if it cannot read what is there.
 */
export async function accessOf(env: TemporalVariables): Promise<TemporalAccess> {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const [variable] = set.find(([name]) => NEEDS_PACKAGE.test(name)) ?? [];
  const found = await import('@temporalio/envconfig').catch((error: unknown) => {
    if (variable !== undefined) throw notLoaded(error, '@temporalio/envconfig', variable);
  });
  if (!found) return {};
  try {
    const { tls, apiKey, metadata } = found.loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(set),
    }).connectionOptions;
    return { tls, apiKey, metadata };
  } catch {
    // The error has no cause: the text of one about a file quotes the file.
    throw new ConfigError(variable ?? 'temporal.toml', "cannot be read: 'temporal config list' shows what is wrong");
  }
}
