import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { systemTimer } from '../../src/async/deadline.ts';
import type { EntryMeta } from '../../src/format/entry.ts';
import { UNFENCED, writeIdText, type WriteId } from '../../src/format/write-id.ts';
import type { Logger } from '../../src/observe/logger.ts';
import {
  openMetastore,
  type BeginRequest,
  type Metastore,
  type OpenMetastore,
  type RawEntry,
  type RecordWrite,
  type ValueChange,
  type ValueWrite,
  type WriteReply,
} from '../../src/metastore/metastore.ts';
import { NO_ID } from '../../src/format/record-head.ts';
import { systemRandom } from '../../src/async/random.ts';

/** What the contract of the metastore is written with. */

/** A server, or what stands for one, whose time a test may move forward. */
export interface MetastoreRig {
  /** A metastore on this server; those of one rig share what it holds. */
  metastore(): Metastore;
  /** How far the server's time was moved, in milliseconds. */
  shift(): number;
  /** Moves the server's time forward; what it then has forgotten is gone. */
  advance(ms: number): Promise<void>;
  /** The fields of a scope, as stored. */
  stored(namespace: string, path: string): Promise<ReadonlyMap<string, string>>;
  /** Sets a field of a scope, or takes it away, as no operation would. */
  tamper(namespace: string, path: string, field: string, text: string | undefined): Promise<void>;
  /** Everything that is stored, by key. */
  contents(): Promise<ReadonlyMap<string, unknown>>;
  /** Takes a copy of everything; what it gives puts the copy back in place of what is there then. */
  backup(): Promise<() => Promise<void>>;
  /** Forgets everything. */
  flush(): Promise<void>;
  /** Forgets everything, and takes the time back to now. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** The bench of one contract: a rig for all tests, a namespace for each. */
export interface Bench {
  readonly rig: MetastoreRig;
  readonly namespace: string;
  readonly m: OpenMetastore;
  /** Another process on the same server. */
  open(): OpenMetastore;
  /** Moves the server's time forward. `m` is opened anew, since a store counts the time that it knows on its own clock. */
  advance(ms: number): Promise<void>;
}

let benches = 0;

/** Prepares a rig, and for each test a namespace of its own. */
export function useBench(start: () => Promise<MetastoreRig>): Bench {
  let rig: MetastoreRig;
  let namespace = '';
  let m: OpenMetastore;
  const open = (): OpenMetastore => openOn(rig, namespace);
  beforeAll(async () => {
    rig = await start();
  });
  afterAll(() => rig.stop());
  beforeEach(async () => {
    await rig.reset();
    benches += 1;
    namespace = `test-${benches}`;
    m = open();
  });
  return {
    get rig() {
      return rig;
    },
    get namespace() {
      return namespace;
    },
    get m() {
      return m;
    },
    open,
    async advance(ms) {
      await rig.advance(ms);
      m = open();
    },
  };
}

/** Opens a metastore of a rig. */
export function openOn(rig: MetastoreRig, namespace: string, logger?: Logger): OpenMetastore {
  return openMetastore(rig.metastore(), {
    namespace,
    commandTimeout: 5_000,
    clock: { now: () => Date.now() + rig.shift(), sleep: () => Promise.resolve() },
    timer: systemTimer,
    random: systemRandom,
    logger,
  });
}

export const SCOPE = { path: 'flow/run/task/-1' };
/** Of a metastore. */
export const NAME = '0123456789abcdef';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Well after any test began. */
export const LATER = Date.now() + 365 * DAY;

/** One run of an attempt, or one handle of a tool: hands out write IDs. */
export interface Hand {
  readonly fence: string;
  readonly nonce: string;
  next(): WriteId;
}

let hands = 0;

/** A run of the attempt of this number. */
export function attempt(number: number | bigint): Hand {
  return hand(String(number).padStart(24, '0'), 'a');
}

/** A tool, or a person. */
export function tool(): Hand {
  return hand(UNFENCED, 't');
}

function hand(fence: string, letter: string): Hand {
  hands += 1;
  const nonce = letter + String(hands).padStart(15, '0');
  let sequence = 0;
  return { fence, nonce, next: () => ({ fence, nonce, sequence: (sequence += 1) }) };
}

/** Installs an attempt's fence. */
export async function begin(m: OpenMetastore, who: Hand, request: Partial<BeginRequest> = {}, scope = SCOPE) {
  const { fence, nonce } = who;
  const asked = {
    fence,
    nonce,
    drawn: false,
    first: true,
    createdAt: LATER,
    holder: `the holder ${nonce}`,
    job: 'job@1',
    records: [],
  };
  return m.fences.begin(scope, { ...asked, ...request }, {});
}

/** A change that puts an inline value. */
export function put(
  name: string,
  value: unknown,
  options: { retention?: number | 'forever'; expect?: string } = {},
): ValueChange {
  const body = Buffer.from(JSON.stringify(value));
  return {
    name,
    put: { meta: { type: 'json', size: body.length }, body, retention: options.retention ?? DAY },
    ...(options.expect === undefined ? {} : { expect: options.expect as never }),
  };
}

/** A change that puts a reference. */
export function putRef(name: string, object: string, options: { retention?: number | 'forever' } = {}): ValueChange {
  const meta: EntryMeta = {
    type: 'json',
    size: 100,
    ref: { store: 's3:bucket/a b', object, codec: 'gzip', storedSize: 70, sha256: 'ab'.repeat(32) },
  };
  return { name, put: { meta, body: undefined, retention: options.retention ?? DAY } };
}

/** Writes values. */
export async function write(
  m: OpenMetastore,
  who: Hand,
  changes: ValueChange | readonly ValueChange[],
  options: Partial<ValueWrite> = {},
  scope: { path: string; recorded?: string } = SCOPE,
): Promise<WriteReply> {
  const list = Array.isArray(changes) ? (changes as readonly ValueChange[]) : [changes as ValueChange];
  const fenced = who.nonce.startsWith('a');
  const began = await m.now({});
  return m.values.write(scope, { id: options.id ?? who.next(), fenced, began, changes: list, resent: false, ...options }, {});
}

/** The value of one key, by the JSON of its body; `undefined` where there is none. */
export async function value(m: OpenMetastore, name: string, scope = SCOPE): Promise<unknown> {
  const entry = await rawEntry(m, name, scope);
  return entry && JSON.parse(Buffer.from(entry.body ?? []).toString());
}

/** One entry. */
export async function rawEntry(m: OpenMetastore, name: string, scope = SCOPE): Promise<RawEntry | undefined> {
  return (await m.values.read(scope, [name], {}))[0];
}

export const RECORD = 'external_job_id';
/** The digest that stands for a job. */
export function digest(job: string): string {
  return Buffer.from(job).toString('hex').padEnd(32, '0');
}

/** A write of a record. */
export function record(
  who: Hand,
  letter: RecordWrite['letter'],
  more: Partial<RecordWrite> & { job?: string } = {},
): RecordWrite {
  const { job, ...rest } = more;
  return {
    id: who.next(),
    name: RECORD,
    letter,
    submission: 1,
    idDigest: job === undefined ? NO_ID : digest(job),
    json: JSON.stringify({ idempotencyKey: 'm0', ...(job !== undefined && { externalId: job }), previous: [] }),
    retention: 30 * DAY,
    basis: undefined,
    withdraw: false,
    resent: false,
    ...rest,
  };
}

/** Writes a record and hands back its version. */
export async function recorded(m: OpenMetastore, write: RecordWrite, scope = SCOPE) {
  const reply = await m.records.write(scope, write, {});
  if (reply.kind !== 'ok') throw new Error(`the record was refused: ${reply.kind}`);
  return reply.version;
}

/** Letter, submission and write ID of the record as it is. */
export async function recordNow(m: OpenMetastore, name: string = RECORD, scope = SCOPE) {
  const text = (await m.scopes.inspect(scope, {})).records.find((one) => one.name === name)?.text;
  if (text === undefined) return undefined;
  return { letter: text[1], version: text.slice(3, 55), submission: Number(text.slice(117, 123)), json: text.slice(124) };
}

/** All of an async iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export const version = writeIdText;
