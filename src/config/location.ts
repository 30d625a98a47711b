import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../model/errors/store.ts';
import { completePrefix, PREFIX_RULE } from '../object-store/prefix.ts';
import { CONNECTION_ID, normalId } from './connections.ts';

/**
 * Where objects lie, as a URL. An error shows no part of the URL: people put credentials where they do not belong, and an error
 * ends in a log.
 */

/** A bucket and the prefix of all keys in it, which is empty or ends with `/`. */
export interface BucketLocation {
  kind: 's3' | 'gs';
  connection: string | undefined;
  bucket: string;
  prefix: string;
}

/** A bucket or a folder. */
export type Location = BucketLocation | { kind: 'file'; directory: string };

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/**
 * The location that a URL names.
 *
 * @param option - The name under which the URL was given, for the error.
 * @throws {@link ConfigError}, which never holds the URL.
 */
export function parseLocation(option: string, url: unknown): Location {
  const [, scheme, rest = ''] = (typeof url === 'string' && /^(s3|gs|file):\/\/(.*)$/s.exec(url)) || [];
  if (scheme === undefined) {
    throw new ConfigError(option, 'must be s3://connection@bucket/prefix/, gs://connection@bucket/prefix/ or file:///folder/');
  }
  if (/[?#]/.test(rest)) {
    throw new ConfigError(option, 'must have neither a query (?) nor a fragment (#); options belong to a connection');
  }
  if (scheme === 'file') return { kind: 'file', directory: folder(option, url as string) };
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const [host = '', ...before] = authority.split('@').toReversed();
  if (authority.includes(':') || before.length > 1) {
    const rule = 'must hold neither credentials nor a port: what stands before the @ is the ID of a connection, which has them';
    throw new ConfigError(option, rule);
  }
  const [connection] = before;
  if (connection !== undefined && !CONNECTION_ID.test(connection)) {
    throw new ConfigError(
      option,
      'must have before the @ the ID of a connection: a letter, then at most 31 letters, digits, _ or -',
    );
  }
  if (!BUCKET.test(host)) {
    throw new ConfigError(option, 'must name a bucket: letters, digits, dots, _ and -');
  }
  const path = rest.slice(authority.length + 1);
  const prefix = completePrefix(path === '/' ? '' : path);
  if (prefix === undefined) throw new ConfigError(option, `must have a prefix of ${PREFIX_RULE}`);
  return { kind: scheme as 's3' | 'gs', connection, bucket: host, prefix };
}

function folder(option: string, url: string): string {
  const rule =
    'must name a folder by its whole path, as file:///srv/state/, with every other character than _ . ~ - percent-encoded';
  if (!url.startsWith('file:///') || !URL.canParse(url)) throw new ConfigError(option, rule);
  try {
    return resolve(fileURLToPath(url));
  } catch {
    throw new ConfigError(option, rule);
  }
}

/** A text that two locations share if they are the same, and only then. */
export function identityOf(location: Location): string {
  return location.kind === 'file'
    ? `file:${location.directory}`
    : JSON.stringify([location.kind, normalId(location.connection ?? ''), location.bucket, location.prefix]);
}
