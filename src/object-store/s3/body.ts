import { abortController, untilAborted } from '../../async/abort.ts';
import type { Progress } from '../progress.ts';
import { systemCode } from '../system-code.ts';

/**
 * The bytes of an object as they arrive. A body that breaks off is continued from where it was, a few times; it ends only where
 * the answer said that it would. Its connection is let go at the end, when the reader stops, and when the signal aborts.
 */

/** One answer, whose body is not read yet. */
export interface BodySource {
  body: unknown;
  /** The offset of its first byte in the object. */
  at: number;
  /** The offset after its last. */
  end: number;
  etag: string | undefined;
  /** Lets go of the connection. */
  close(): void;
  /** Forgets the caller's signal. */
  leave(): void;
}

/** What a body is made of. */
export interface BodyParts {
  first: BodySource;
  /** The rest of the same object, from that offset. */
  resume(at: number): Promise<BodySource>;
  /** Called for all bytes that come. */
  progress: Progress;
  /** The error for a body that breaks off again and again. */
  broken(message: string): Error;
  signal: AbortSignal | undefined;
}

/** How often a body may break off before more than `PROGRESS` has come. */
const RESUMES = 3;
/** Bytes. */
const PROGRESS = 2 ** 20;

const OVER = { done: true, value: undefined } as const;

/** The body, to be read once. It has begun, so a reader that ends it unread also lets go of the connection. */
export async function readBody(parts: BodyParts): Promise<AsyncIterable<Uint8Array>> {
  const stop = abortController();
  const body = bytesOf(parts, stop.signal);
  await body.next();
  const iterator: AsyncIterableIterator<Uint8Array, undefined> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      try {
        return await body.next();
      } catch (error) {
        if (stop.signal.aborted) return OVER;
        throw error;
      }
    },
    // A generator alone would end only with the chunk that it waits for, which may never come.
    async return() {
      stop.abort();
      void body.return(undefined).catch(() => undefined);
      return OVER;
    },
  };
  return iterator;
}

async function* bytesOf(
  { first, resume, progress, broken, signal }: BodyParts,
  stopped: AbortSignal,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  const { end } = first;
  let { at } = first;
  let source = first;
  let chunks = open(source);
  let left = RESUMES;
  let brokeAt = at;
  // Not when all bytes came: the connection is not free until the end itself was read.
  let drained = false;
  try {
    yield new Uint8Array();
    for (;;) {
      const step = await untilAborted(untilAborted(take(chunks), stopped), signal);
      if ('chunk' in step && at + step.chunk.length <= end) {
        at += step.chunk.length;
        progress();
        if (step.chunk.length > 0) yield step.chunk;
        continue;
      }
      if ('problem' in step && at === end) {
        drained = step.drained;
        return;
      }
      source.leave();
      source.close();
      if (at - brokeAt >= PROGRESS) left = RESUMES;
      brokeAt = at;
      left -= 1;
      const problem = 'problem' in step ? step.problem : 'more came than was announced';
      if (left < 0) throw broken(`${problem} after ${at} of ${end} bytes`);
      source = await resume(at);
      chunks = open(source);
    }
  } finally {
    source.leave();
    if (!drained) source.close();
  }
}

function open({ body, at, end }: BodySource): AsyncIterator<Uint8Array> | undefined {
  if (at === end || body === undefined) return undefined;
  // Without this an error that comes while nobody reads would end the process.
  (body as Partial<NodeJS.EventEmitter>).on?.('error', () => undefined);
  return (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
}

type Step = { chunk: Uint8Array } | { problem: string; drained: boolean };

async function take(chunks: AsyncIterator<Uint8Array> | undefined): Promise<Step> {
  try {
    const step = await chunks?.next();
    return !step || step.done ? { problem: 'the body ended', drained: true } : { chunk: step.value };
  } catch (error) {
    return { problem: `the connection broke${reasonOf(error)}`, drained: false };
  }
}

/** In brackets, as far as it is a word of the system, or the client's own about a checksum. */
function reasonOf(error: unknown): string {
  const code = systemCode(error);
  if (code !== undefined) return ` (${code})`;
  return error instanceof Error && /checksum mismatch/i.test(error.message) ? ' (checksum mismatch)' : '';
}
