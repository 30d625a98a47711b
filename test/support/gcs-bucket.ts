import { Readable, Writable } from 'node:stream';
import { systemTimer } from '../../src/async/deadline.ts';
import { crc32c } from '../../src/format/crc32c.ts';
import type { GcsBucket, GcsFile, GcsRequestOptions } from '../../src/object-store/gcs/options.ts';
import type { GcsParts } from '../../src/object-store/gcs/request.ts';

/**
 * A bucket in memory with the manners of the client and of the server: generations, ranges, and resumable sessions. The
 * fake-gcs-server does not finish these sessions as Google does. Single requests can be given a fate.
 */

/** What becomes of a request. */
export type GcsFate =
  /** It is not applied; the client rejects with this. */
  | { kind: 'fail'; error: unknown }
  /** It is applied; the client rejects with this. */
  | { kind: 'lose'; error: unknown }
  | { kind: 'hang' }
  /** Only so many bytes of a part of an upload are kept. */
  | { kind: 'keep'; bytes: number };

/** One request. */
export interface GcsSent {
  /** `GET`, `PUT`… of the API. */
  method: string;
  /** `object`, `media`, `upload`, `session`, `list`, `bucket`. */
  what: string;
  name: string;
  headers: Readonly<Record<string, string>>;
  qs: Readonly<Record<string, string | number>>;
}

/** An object in the bucket. */
export interface GcsStored {
  bytes: Buffer;
  generation: number;
  metadata: Record<string, unknown>;
  /** When it was made, in milliseconds. */
  at: number;
}

/** A bucket, and what a test does with it. */
export interface FakeBucket {
  readonly bucket: GcsBucket;
  readonly objects: Map<string, GcsStored>;
  readonly sessions: Map<string, { name: string; bytes: Buffer; qs: GcsSent['qs']; metadata: object; generation?: number }>;
  readonly requests: GcsSent[];
  /** Whether there is a bucket at all. */
  exists: boolean;
  /** What the bucket says of itself. */
  metadata: object;
  /** The next `times` requests that match get this fate. @defaultValue 1 time */
  next(match: (sent: GcsSent) => boolean, fate: GcsFate, times?: number): void;
}

/** An error as the client makes them from an answer of the API. */
export function apiError(code: number, reason: string, extra: object = {}): Error {
  return Object.assign(new Error(`the server says ${reason}`), { code, errors: [{ reason, message: reason }], ...extra });
}

/** Lets pauses pass at once; deadlines are those of the system. */
export const withoutPauses: GcsParts = {
  clock: {
    now: () => Date.now(),
    async sleep(_ms, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  },
  random: Math.random,
  timer: systemTimer,
};

const ENDPOINT = 'https://storage.test';

/** A new bucket, with nothing in it. */
export function fakeBucket(): FakeBucket {
  const waiting: { match: (sent: GcsSent) => boolean; fate: GcsFate; left: number }[] = [];
  let drawn = 1_000;
  const fake: FakeBucket = {
    bucket: { name: 'vault', storage: { apiEndpoint: ENDPOINT }, file, getFiles },
    objects: new Map(),
    sessions: new Map(),
    requests: [],
    exists: true,
    metadata: {},
    next: (match, fate, times = 1) => waiting.push({ match, fate, left: times }),
  };
  const arrive = (sent: GcsSent): GcsFate | undefined => {
    fake.requests.push(sent);
    const found = waiting.find(({ match, left }) => left > 0 && match(sent));
    if (found) found.left -= 1;
    return found?.fate;
  };
  const requireBucket = (): void => {
    if (!fake.exists) throw apiError(404, 'notFound');
  };
  const make = (name: string, bytes: Buffer, expected: unknown, metadata: Record<string, unknown>): GcsStored => {
    requireBucket();
    if (String(expected) !== String(fake.objects.get(name)?.generation ?? 0)) throw apiError(412, 'conditionNotMet');
    const declared = metadata['crc32c'];
    if (declared !== undefined && declared !== base64(crc32c(bytes))) throw apiError(400, 'invalid');
    const made = { bytes, generation: (drawn += 1), metadata, at: Date.now() };
    fake.objects.set(name, made);
    return made;
  };
  /** Applies a request, or does not, and tells the client. */
  const answer = <T>(sent: GcsSent, apply: (fate: GcsFate | undefined) => T, done: (error: unknown, value?: T) => void): void => {
    const fate = arrive(sent);
    setImmediate(() => {
      if (fate?.kind === 'hang') return;
      if (fate?.kind === 'fail') return done(fate.error);
      try {
        const value = apply(fate);
        done(fate?.kind === 'lose' ? fate.error : undefined, value);
      } catch (error) {
        done(error);
      }
    });
  };

  async function getFiles(query: Parameters<GcsBucket['getFiles']>[0]): Promise<unknown> {
    const { prefix, maxResults, pageToken = '' } = query;
    return new Promise((resolve, reject) => {
      const page = (): unknown => {
        requireBucket();
        const names = [...fake.objects.keys()].filter((name) => name.startsWith(prefix) && name > pageToken).sort();
        const items = names.slice(0, maxResults).map((name) => {
          const { bytes, at } = fake.objects.get(name) as GcsStored;
          return { name, size: String(bytes.length), timeCreated: new Date(at).toISOString() };
        });
        return [[], null, { items, ...(names.length > maxResults && { nextPageToken: items.at(-1)?.name }) }];
      };
      const sent = { method: 'GET', what: 'list', name: prefix, headers: {}, qs: { pageToken } };
      answer(sent, page, (error, value) => (error ? reject(error) : resolve(value)));
    });
  }

  function file(name: string, { generation }: { generation?: string } = {}): GcsFile {
    return {
      createReadStream({ start, end }) {
        const stream = new Readable({ read: () => undefined });
        const read = (): { bytes: Buffer; headers: object } => {
          const found = fake.exists ? fake.objects.get(name) : undefined;
          if (!found || (generation !== undefined && generation !== String(found.generation))) throw apiError(404, 'notFound');
          const { length } = found.bytes;
          if (start >= length) throw apiError(416, 'requestedRangeNotSatisfiable');
          const last = Math.min(end, length - 1);
          const range = `bytes ${start}-${last}/${length}`;
          const headers = { 'content-range': range, 'x-goog-generation': String(found.generation) };
          return { bytes: found.bytes.subarray(start, last + 1), headers };
        };
        const sent = { method: 'GET', what: 'media', name, headers: { range: `${start}-${end}` }, qs: {} };
        answer(
          sent,
          (fate) => ({ ...read(), fate }),
          (error, value) => {
            if (error && !value) return void stream.destroy(error as Error);
            if (!value) return undefined;
            stream.emit('response', { statusCode: 206, headers: value.headers });
            const { fate, bytes } = value;
            stream.push(fate?.kind === 'keep' ? bytes.subarray(0, fate.bytes) : bytes);
            if (error) stream.destroy(error as Error);
            else stream.push(null);
          },
        );
        return stream;
      },
      createWriteStream({ preconditionOpts, metadata }) {
        const chunks: Buffer[] = [];
        const sent = { method: 'POST', what: 'upload', name, headers: {}, qs: { ...preconditionOpts } };
        return new Writable({
          write(chunk: Buffer, _encoding, done) {
            chunks.push(Buffer.from(chunk));
            done();
          },
          final(done) {
            const apply = (): unknown => make(name, Buffer.concat(chunks), preconditionOpts.ifGenerationMatch, { ...metadata });
            answer(sent, apply, (error) => done(error as Error | undefined));
          },
        });
      },
      request(options, callback) {
        const { pathname, searchParams } = options.uri.startsWith('http') ? new URL(options.uri) : new URL('/object', ENDPOINT);
        if ([...searchParams].length > 0) throw new Error('the query belongs into qs');
        const what = ({ '/object': 'object', '/storage/v1/b/vault': 'bucket' } as const)[pathname] ?? 'session';
        const sent = { method: options.method, what, name, headers: options.headers ?? {}, qs: options.qs ?? {} };
        const respond = (fate: GcsFate | undefined): Response => {
          if (what === 'bucket') return ofBucket();
          return what === 'object' ? ofObject(options) : ofSession(options, fate);
        };
        answer(sent, respond, (error, value) => {
          const response = value && { statusCode: value.status, headers: value.headers };
          if (error) callback(error as Error);
          else if (value && value.status >= 300) callback(Object.assign(apiError(value.status, ''), { response }));
          else callback(null, value?.body, response);
        });
      },
    };

    function ofBucket(): Response {
      requireBucket();
      return { status: 200, headers: {}, body: fake.metadata };
    }

    function ofObject({ method, qs }: GcsRequestOptions): Response {
      requireBucket();
      const found = fake.objects.get(name);
      if (!found) throw apiError(404, 'notFound');
      const expected = qs?.['ifGenerationMatch'];
      if (expected !== undefined && String(expected) !== String(found.generation)) throw apiError(412, 'conditionNotMet');
      if (method === 'DELETE') fake.objects.delete(name);
      return { status: 200, headers: {}, body: { generation: String(found.generation) } };
    }

    function ofSession(
      { method, qs = {}, headers = {}, body = Buffer.alloc(0), json = {} }: GcsRequestOptions,
      fate?: GcsFate,
    ): Response {
      if (method === 'POST') {
        requireBucket();
        const id = `session-${(drawn += 1)}`;
        fake.sessions.set(id, { name, bytes: Buffer.alloc(0), qs, metadata: json });
        return {
          status: 200,
          headers: { location: `${ENDPOINT}/upload/storage/v1/b/vault/o?uploadType=resumable&upload_id=${id}` },
        };
      }
      const session = fake.sessions.get(String(qs['upload_id']));
      if (!session) throw apiError(410, 'gone');
      if (method === 'DELETE') {
        fake.sessions.delete(String(qs['upload_id']));
        return { status: 499, headers: {} };
      }
      const done = (): Response => {
        const { generation = 0 } = session;
        return { status: 200, headers: {}, body: { generation: String(generation), crc32c: base64(crc32c(session.bytes)) } };
      };
      if (session.generation !== undefined) return done();
      const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['Content-Range'] ?? '') ?? [];
      if (Number(to) + 1 - Number(from) !== body.length) throw apiError(400, 'badRange');
      if (Number(from) > session.bytes.length) throw apiError(503, 'backendError');
      const kept = fate?.kind === 'keep' ? body.subarray(0, fate.bytes) : body;
      session.bytes = Buffer.concat([session.bytes, kept.subarray(session.bytes.length - Number(from))]);
      if (size !== '*' && session.bytes.length === Number(size)) {
        const declared = headers['x-goog-hash']?.replace('crc32c=', '');
        const metadata = { ...session.metadata, ...(declared !== undefined && { crc32c: declared }) };
        session.generation = make(name, session.bytes, session.qs['ifGenerationMatch'], metadata).generation;
        return done();
      }
      return { status: 308, headers: session.bytes.length > 0 ? { range: `bytes=0-${session.bytes.length - 1}` } : {} };
    }
  }
  return fake;
}

interface Response {
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}

function base64(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString('base64');
}
