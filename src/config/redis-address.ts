import { ConfigError } from '../model/errors/store.ts';

/** The address of a Redis. An error shows no part of an address: most have a password. */

/** What an address says. */
export interface RedisAddress {
  cluster: boolean;
  tls: boolean;
  host: string;
  port: number;
  db: number;
  username: string | undefined;
  password: string | undefined;
}

const SCHEMES: Readonly<Record<string, { cluster: boolean; tls: boolean }>> = {
  'redis:': { cluster: false, tls: false },
  'rediss:': { cluster: false, tls: true },
  'redis+cluster:': { cluster: true, tls: false },
  'rediss+cluster:': { cluster: true, tls: true },
};
const FORM = 'redis://[user[:password]@]host[:port][/database]';

/**
 * Reads an address.
 *
 * @param option - The name under which it was given, for the error.
 * @throws {@link ConfigError}, which never holds the address.
 */
export function parseRedis(option: string, address: unknown): RedisAddress {
  // The parser's error holds the whole address.
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  const scheme = url && SCHEMES[url.protocol];
  if (!url || !scheme) {
    const rule = `must be ${FORM}, or begin with rediss://, redis+cluster:// or rediss+cluster://`;
    throw new ConfigError(option, `${rule}; other characters than letters and digits of a password are percent-encoded`);
  }
  if (url.search !== '' || url.hash !== '') {
    throw new ConfigError(option, 'must have neither a query (?) nor a fragment (#); redisOptions takes more options');
  }
  const host = decode(option, url.hostname).replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new ConfigError(option, `must name a host: ${FORM}`);
  const [, db = '0'] = /^\/?(\d{1,9})?\/?$/.exec(url.pathname) ?? [undefined, '-'];
  if (db === '-') throw new ConfigError(option, 'must have nothing behind the host but the number of a database');
  if (scheme.cluster && Number(db) !== 0) throw new ConfigError(option, 'must not name a database: a Cluster has one only');
  const username = decode(option, url.username);
  const password = decode(option, url.password);
  return {
    ...scheme,
    host,
    port: url.port === '' ? 6_379 : Number(url.port),
    db: Number(db),
    username: username === '' ? undefined : username,
    password: password === '' ? undefined : password,
  };
}

/** The address without user and password. */
export function publicAddress({ cluster, tls, host, port, db }: RedisAddress): string {
  const name = host.includes(':') ? `[${host}]` : encodeURIComponent(host);
  return `redis${tls ? 's' : ''}${cluster ? '+cluster' : ''}://${name}:${port}/${db}`;
}

function decode(option: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigError(option, 'must have a % only where two hex digits follow: percent-encode user and password');
  }
}
