import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Entry } from '../../../index.ts';
import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand, StoreWork } from '../../command.ts';
import { EXIT, type CommandOutcome } from '../../outcome.ts';
import { UsageError } from '../../usage-error.ts';
import { RefusedError } from '../refused.ts';
import { entryAt, entryInWords, entryReport } from './entry.ts';
import { readKey, readSubject, SUBJECT_FLAGS, type NamedState } from './subject.ts';

/** `mooring get`: the only command that prints a value. */
export const getCommand: StoreCommand = {
  kind: 'store',
  summary: 'print one value',
  operands: `${ADDRESS_OPERANDS} KEY`,
  flags: { ...SUBJECT_FLAGS, out: { value: 'FILE', holds: 'write its bytes to a new file' } },
  about: [
    'Into a pipe and a file go the bytes as they are: those of a value that was written as bytes, else its JSON. On a terminal JSON',
    'is laid out, and bytes are refused. With --json bytes are in base64.',
    ...ADDRESS_ABOUT,
  ],
  examples: [
    ['mooring get transcode 42 cursor', 'prints the value'],
    ['mooring get transcode 42 subtitles --out a.vtt', 'writes its bytes to a file'],
    ['mooring get --asset catalogue state | jq .', 'a value of an asset'],
  ],
  plan(given) {
    const subject = readSubject(given);
    const key = readKey(subject.rest);
    const out = given.text('out');
    return async (store, work) => {
      const found = await subject.find(store, work);
      const entry = await entryAt(found, key, work.signal);
      if (out !== undefined) return toFile(found, entry, out, work.signal);
      if (work.json) return asReport(found, entry, work.signal);
      return work.terminal.columns === undefined ? toPipe(found, entry, work) : toPerson(found, entry, work.signal);
    };
  },
};

async function toFile(found: NamedState, entry: Entry, file: string, signal: AbortSignal): Promise<CommandOutcome> {
  const bytes = await streamOf(found, entry, signal);
  // Nobody else may read it, and nothing is overwritten.
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  let created = false;
  target.once('open', () => (created = true));
  await pipeline(bytes, target, { signal }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new UsageError('--out must be a new file: this one is there already');
    if (created) await rm(file, { force: true });
    signal.throwIfAborted();
    throw error;
  });
  return { code: EXIT.ok, report: { ...entryReport(entry), file }, lines: [`wrote ${entryInWords(entry)} to ${file}`] };
}

async function toPipe(found: NamedState, entry: Entry, { terminal, signal }: StoreWork): Promise<CommandOutcome> {
  const bytes = await streamOf(found, entry, signal);
  for await (const chunk of bytes as AsyncIterable<Uint8Array>) if (!(await terminal.bytes(chunk))) break;
  return { code: EXIT.ok, report: {}, lines: [] };
}

async function toPerson(found: NamedState, entry: Entry, signal: AbortSignal): Promise<CommandOutcome> {
  const value = await valueOf(found, entry, signal);
  if (value instanceof Uint8Array) {
    throw new UsageError(`${entryInWords(entry)} is bytes, which a terminal cannot show: add --out FILE, or pipe it`);
  }
  return { code: EXIT.ok, report: {}, lines: [visible(JSON.stringify(value, null, 2))] };
}

async function asReport(found: NamedState, entry: Entry, signal: AbortSignal): Promise<CommandOutcome> {
  const value = await valueOf(found, entry, signal);
  const shown = value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : { value };
  return { code: EXIT.ok, report: { ...entryReport(entry), ...shown }, lines: [] };
}

async function streamOf({ handle, name }: NamedState, { key }: Entry, signal: AbortSignal): Promise<NodeJS.ReadableStream> {
  return (await handle.getStream(key, { signal })) ?? gone(name, key);
}

async function valueOf({ handle, name }: NamedState, { key }: Entry, signal: AbortSignal): Promise<unknown> {
  return (await handle.get(key, { signal })) ?? gone(name, key);
}

function gone(name: string, key: string): never {
  throw new RefusedError(`${name} has no value ${JSON.stringify(key)} any more`);
}

/** JSON leaves the control characters above U+007E as they are, which move a terminal's cursor. */
function visible(json: string): string {
  return json.replace(/[\u007F-\u009F\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
