import { ConfigError } from '../model/errors/store.ts';

/**
 * Connections by their ID. Upper and lower case are one, and so are `-` and `_`: what is `my-reports` in a URL is
 * `MOORING_CONNECTION_MY_REPORTS` in the environment.
 */

/** What an ID may be. Short, so that most secrets that are typed in its place are refused. */
export const CONNECTION_ID: RegExp = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

/** Connections by the compared form of their ID. */
export type Connections = ReadonlyMap<string, { id: string; options: object }>;

/** The form of an ID that is compared. */
export function normalId(id: string): string {
  return id.toLowerCase().replaceAll('-', '_');
}

/**
 * Checks connections.
 *
 * @throws {@link ConfigError} that shows at most an ID.
 */
export function readConnections(connections: unknown): Connections {
  const found = new Map<string, { id: string; options: object }>();
  if (typeof connections !== 'object' || connections === null || Array.isArray(connections)) {
    throw new ConfigError('connections', 'must be an object: options for a client, by the ID of the connection');
  }
  for (const [id, options] of Object.entries(connections) as [string, unknown][]) {
    if (!CONNECTION_ID.test(id)) {
      throw new ConfigError('connections', 'must have IDs of a letter, then at most 31 letters, digits, _ or -');
    }
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new ConfigError(`connections.${id}`, 'must be an object of options for a client');
    }
    const known = found.get(normalId(id));
    if (known)
      throw new ConfigError(`connections.${id}`, `must not be the same as ${known.id}: case, _ and - make no difference`);
    found.set(normalId(id), { id, options });
  }
  return found;
}

/**
 * The options of a connection; none if a URL names none.
 *
 * @throws {@link ConfigError} that says which there are.
 */
export function optionsOf(option: string, id: string | undefined, connections: Connections): object {
  if (id === undefined) return {};
  const found = connections.get(normalId(id));
  if (found) return found.options;
  const known = [...connections.values()].map((connection) => connection.id);
  const declared = known.length > 0 ? known.join(', ') : 'none';
  throw new ConfigError(option, `must name a connection of connections, or MOORING_CONNECTION_<ID> (declared: ${declared})`, id);
}
