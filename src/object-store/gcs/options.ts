import type { Readable, Writable } from 'node:stream';
import { ConfigError } from '../../model/errors/store.ts';
import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { text } from '../../model/checks.ts';
import { resolvePrefix } from '../prefix.ts';

/** Options of `gcsObjectStore()`, checked when the store is made, and the part of the client that is called. */

/** A file of a `Bucket`: the part of it that is called. */
export interface GcsFile {
  /** Reads a range of the object. */
  createReadStream(options: { start: number; end: number; decompress: false; validation: false }): Readable;
  /** Makes the object in one request. */
  createWriteStream(options: {
    resumable: false;
    validation: false;
    preconditionOpts: { ifGenerationMatch: number | string };
    metadata: { contentType: string; crc32c: string; customTime?: string };
  }): Writable;
  /** Sends any other request, with the client's credentials. */
  request(options: GcsRequestOptions, callback: (error: Error | null, body?: unknown, response?: unknown) => void): void;
}

/** A request of the JSON API. */
export interface GcsRequestOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, or below the object's own. */
  uri: string;
  /** The query of the request. */
  qs?: Record<string, string | number>;
  headers?: Record<string, string>;
  /** The body of the request, as JSON. */
  json?: object;
  /** The body of the request. */
  body?: Buffer;
  /** How often the client sends it again. */
  maxRetries: number;
}

/** A `Bucket` of `@google-cloud/storage` 7.7 or later, or 8: the part of it that is called. */
export interface GcsBucket {
  /** The name of the bucket. */
  readonly name: string;
  /** The client that the bucket belongs to. */
  readonly storage: { readonly apiEndpoint: string };
  /** An object, without any request. */
  file(name: string, options?: { generation?: string }): GcsFile;
  /** One page of a listing. */
  getFiles(query: {
    prefix: string;
    autoPaginate: false;
    maxResults: number;
    fields: string;
    pageToken?: string;
  }): Promise<unknown>;
}

/** Options of `gcsObjectStore()`. */
export interface GcsObjectStoreOptions {
  /** The bucket, of a client that stays yours: its credentials, endpoint, proxy and user project are used. */
  bucket: GcsBucket;
  /**
   * What every object's name begins with, as in `gs://bucket/prefix/`; the `/` at the end may be left out. At most 124 bytes.
   * @defaultValue `''`
   */
  prefix?: string;
  /**
   * What references record.
   * @defaultValue `'gs:<bucket>/<prefix>'`
   */
  alias?: string;
}

const OPTIONS: OptionNames<GcsObjectStoreOptions> = { bucket: true, prefix: true, alias: true };

/**
 * Checks every option and fills in what is left out.
 *
 * @throws {@link ConfigError} that names the option, the rule and what was received.
 */
export function resolveGcsOptions(options: GcsObjectStoreOptions): Required<GcsObjectStoreOptions> {
  requireKnownNames('options', options, OPTIONS);
  const { bucket } = options;
  const isBucket =
    typeof bucket?.name === 'string' &&
    typeof bucket.file === 'function' &&
    typeof bucket.getFiles === 'function' &&
    typeof bucket.storage?.apiEndpoint === 'string';
  if (!isBucket) throw new ConfigError('bucket', 'must be a Bucket of @google-cloud/storage', bucket);
  const prefix = resolvePrefix(options.prefix);
  const { alias = `gs:${bucket.name}/${prefix}` } = options;
  text(alias, 'alias');
  return { bucket, prefix, alias };
}
