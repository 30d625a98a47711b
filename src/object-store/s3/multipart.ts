import { crc32 } from 'node:zlib';
import { bounded, type CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { randomText } from '../../async/random.ts';
import type { Piece } from '../../async/rechunk.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { inBase64 } from '../base64-sum.ts';
import type { PutOptions } from '../object-store.ts';
import { progressOf } from '../progress.ts';
import { createObject, headOf } from './conditional.ts';
import { S3Error } from './errors.ts';
import { CONTENT_TYPE, sendRequest, type S3Input, type S3Output, type S3Store } from './request.ts';
import { endUploads } from './unfinished.ts';

/**
 * Uploads in parts. There is no object before the upload is completed. A failure before that ends the upload, so that its parts
 * cost nothing. A mark in the object's metadata tells whose upload made it if the answer to the completion was lost.
 */

/** A body that is longer than one part. */
export interface LongBody {
  first: Piece;
  /** The parts after the first. Ends when the signal of the put aborts. */
  rest: AsyncIterable<Piece>;
  /** Aborts that signal. */
  fail(error: unknown): void;
}

interface Upload {
  name: string;
  id: string;
  mark: string;
  /** Parameters that each part and the completion repeat. */
  checksum: Checksum;
}

type Checksum = Pick<S3Input<'UploadPart'>, 'ChecksumAlgorithm'>;
type CompletedPart = { PartNumber: number } & Pick<S3Output<'UploadPart'>, 'ETag' | 'ChecksumCRC32'>;

/** S3 takes no more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;
const PARTS_IN_FLIGHT = 4;
/** Milliseconds to end an upload in, after the caller's own deadline. */
const END_WITHIN = 10_000;
const ENDS = 3;
const END_AGAIN_AFTER = 100;
/** The key of the mark in the metadata: `x-amz-meta-mooring-upload`. */
const MARK = 'mooring-upload';

/**
 * Puts a body that is longer than one part.
 *
 * @throws {@link S3Error}, the signal's reason, or whatever the source throws; the upload has been ended then, as far as S3 answered.
 */
export async function uploadParts(
  store: S3Store,
  name: string,
  body: LongBody,
  options: PutOptions,
): Promise<'created' | 'exists'> {
  const upload = await begin(store, name, options);
  try {
    const parts = await sendAll(store, upload, body, options);
    const made = await complete(store, upload, parts, options);
    if (made === 'exists') await end(store, upload, 1);
    return made;
  } catch (error) {
    await end(store, upload, ENDS);
    throw error;
  }
}

async function begin(store: S3Store, name: string, options: PutOptions): Promise<Upload> {
  const { encryption, random } = store;
  const mark = randomText(random, 26);
  const checksum = await checksumOf(store);
  try {
    const answer = await sendRequest(
      store,
      'CreateMultipartUpload',
      name,
      { Key: name, ContentType: CONTENT_TYPE, Metadata: { [MARK]: mark }, ...checksum, ...encryption },
      options.signal,
    );
    return { name, id: answer.UploadId ?? '', mark, checksum };
  } catch (error) {
    const refused = error instanceof S3Error && error.status !== undefined && error.status < 500;
    // The upload may have begun, under an ID that was lost with the answer. Names are not used twice, so any upload of this name
    // is this one.
    if (!refused && options.ifAbsent) await patiently(store, (signal) => endUploads(store, name, signal));
    throw error;
  }
}

/** The beginning has to say which checksum the client will add to each part, and no other. */
async function checksumOf({ client }: S3Store): Promise<Checksum> {
  const { config } = client as { config?: { requestChecksumCalculation?: unknown } };
  const given = config?.requestChecksumCalculation;
  const setting: unknown = typeof given === 'function' ? await (given as () => unknown)() : given;
  return setting === 'WHEN_SUPPORTED' ? { ChecksumAlgorithm: 'CRC32' } : {};
}

async function sendAll(
  store: S3Store,
  upload: Upload,
  { first, rest, fail }: LongBody,
  options: PutOptions,
): Promise<CompletedPart[]> {
  const done: CompletedPart[] = [];
  const running = new Set<Promise<void>>();
  let number = 0;
  const start = (part: Piece): void => {
    number += 1;
    if (number === MOST_PARTS && !part.last) throw tooManyParts(store.partSize);
    const work = sendPart(store, upload, number, part, options)
      .then((completed) => void done.push(completed), fail)
      .finally(() => running.delete(work));
    running.add(work);
  };
  try {
    start(first);
    for await (const part of rest) {
      if (running.size === PARTS_IN_FLIGHT) await Promise.race(running);
      options.signal?.throwIfAborted();
      start(part);
    }
  } catch (error) {
    fail(error);
    throw error;
  } finally {
    // A part that is still under way when the upload is ended may outlive it.
    await Promise.all(running);
  }
  options.signal?.throwIfAborted();
  return done.toSorted((a, b) => a.PartNumber - b.PartNumber);
}

function tooManyParts(partSize: number): ConfigError {
  return new ConfigError('partSize', `must be larger for a body of more than ${MOST_PARTS * partSize} bytes`, partSize);
}

async function sendPart(
  store: S3Store,
  { name, id, checksum }: Upload,
  number: number,
  { bytes, release }: Piece,
  put: CallOptions,
): Promise<CompletedPart> {
  const input = { Key: name, UploadId: id, PartNumber: number, Body: bytes, ContentLength: bytes.length, ...checksum };
  // A signal of the request's own, for the listeners that a client adds for each request.
  const { ETag, ChecksumCRC32 } = await sideBySide(put, ({ signal }) => sendRequest(store, 'UploadPart', name, input, signal));
  // Some servers want it at the completion, as S3 does, but do not say it back.
  const digest = checksum.ChecksumAlgorithm !== undefined && { ChecksumCRC32: ChecksumCRC32 ?? inBase64(crc32(bytes)) };
  release();
  progressOf(put)(bytes.length);
  return { PartNumber: number, ...(ETag !== undefined && { ETag }), ...digest };
}

async function complete(
  store: S3Store,
  { name, id, mark }: Upload,
  parts: CompletedPart[],
  options: PutOptions,
): Promise<'created' | 'exists'> {
  const input = { Key: name, UploadId: id, MultipartUpload: { Parts: parts } };
  const outcome = await createObject(store, name, options, (condition) =>
    sendRequest(store, 'CompleteMultipartUpload', name, { ...input, ...condition }, options.signal),
  ).catch((error: unknown) => ({ error }));
  if (outcome === 'created') return outcome;
  // After a lost answer the next try finds no upload any more, or the object that the earlier try made.
  const there = options.signal?.aborted ? undefined : await headOf(store, name, options.signal).catch(() => undefined);
  if (there?.Metadata?.[MARK] === mark) return 'created';
  if (outcome === 'exists') return outcome;
  throw outcome.error;
}

/**
 * Asked once more for parts that the server was still taking in:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
async function end(store: S3Store, { name, id }: Upload, times: number): Promise<void> {
  await patiently(store, async (signal) => {
    for (let tries = 1; tries <= times; tries += 1) {
      if (tries > 1) await store.clock.sleep(END_AGAIN_AFTER, signal);
      await sendRequest(store, 'AbortMultipartUpload', name, { Key: name, UploadId: id }, signal);
    }
  });
}

/** The caller has an error already, and may have no time left. `unfinished()` finds what stays. */
async function patiently(store: S3Store, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  // An error says that the upload is gone, or that there is nothing to be done here.
  await bounded(store.timer, END_WITHIN, undefined, work).catch(() => undefined);
}
