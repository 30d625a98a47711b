import { createHash } from 'node:crypto';
import { InvalidKeyError } from '../model/errors/store.ts';
import { requireSegment } from '../model/check-scope.ts';
import { queueJobOf } from './queue-job.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../model/scope.ts';

/**
 * The key grammar. A path is segments joined by `/`. A segment is percent-encoded, injectively: letters, digits and `_ . ~ -`
 * stay, every other byte of the UTF-8 becomes `%XX`. So `=` and `/` never come from a user's text, and what the library adds
 * (`uri=`, `key=`, `result=`, `sha256=`) can never collide with it.
 */

/** An encoded segment above this many bytes becomes a digest. */
export const LONGEST_SEGMENT: number = 200;
/** Leaves 124 bytes for the prefix of a bucket: object names end at 1,024 bytes in S3 and GCS. */
export const LONGEST_PATH: number = 900;
const DIGEST = 'sha256=';
const WHOLE_DIGEST = /^sha256=[0-9a-f]{64}$/;
const TASK_PARTS = 4;
const RESULT = 'result=';
/**
 * A flow of this name would share a prefix with the assets. A task of this name would share one with the assets of a store whose
 * prefix is `<namespace>/<flow>/` and whose namespace is the run. So both are written differently: no path of a task has such a
 * segment.
 */
const ASSETS = 'assets';
const ESCAPED_ASSETS = '%61ssets';

/**
 * One segment of a path.
 *
 * @throws {@link InvalidKeyError} when the text is empty, `.`, `..`, not a string, or not well-formed.
 */
export function encodeSegment(what: string, text: string): string {
  requireSegment(what, text);
  const encoded = encode(text);
  return encoded.length <= LONGEST_SEGMENT ? encoded : DIGEST + createHash('sha256').update(text).digest('hex');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Whether a segment stands for its text by a digest. */
export function isDigest(segment: string): boolean {
  return segment.startsWith(DIGEST);
}

/** The text of a segment, or `undefined` if it is a digest, whose text the entry records. */
export function decodeSegment(segment: string): string | undefined {
  return isDigest(segment) ? undefined : decodeURIComponent(segment);
}

/** The path of a scope, below the namespace. */
export function scopePath(scope: TaskScope | AssetScope): string {
  if (!isTaskScope(scope)) {
    return scope.name === undefined
      ? `assets/uri=${encodeSegment("the asset's uri", scope.uri)}`
      : `assets/${encodeSegment("the asset's name", scope.name)}`;
  }
  return `${taskPath(scope)}/${itemSegment(scope)}`;
}

/** The path that all mapped items of a task share. */
export function taskPath(scope: TaskScope): string {
  const { flow, run, task } = scope;
  return `${unlikeAssets("the scope's flow", flow)}/${encodeSegment("the scope's run", run)}/${unlikeAssets("the scope's task", task)}`;
}

function unlikeAssets(what: string, text: string): string {
  return text === ASSETS ? ESCAPED_ASSETS : encodeSegment(what, text);
}

function itemSegment(scope: TaskScope): string {
  if (scope.itemKey !== undefined) return `key=${encodeSegment("the scope's itemKey", scope.itemKey)}`;
  return String(scope.mapIndex ?? -1);
}

/** The scope of a path, or `undefined` if a segment is a digest: then the metastore recorded the scope. */
export function pathScope(path: string): TaskScope | AssetScope | undefined {
  const parts = path.split('/');
  if (parts[0] === 'assets') {
    const asset = parts[1] ?? '';
    const text = decodeSegment(asset.startsWith('uri=') ? asset.slice(4) : asset);
    if (text === undefined) return undefined;
    return asset.startsWith('uri=') ? { uri: text } : { name: text };
  }
  if (parts.length !== TASK_PARTS) return undefined;
  const [flow, run, task] = parts.slice(0, 3).map(decodeSegment);
  const item = parts[3] as string;
  if (flow === undefined || run === undefined || task === undefined) return undefined;
  if (item === '-1') return { flow, run, task };
  if (!item.startsWith('key=')) return { flow, run, task, mapIndex: Number(item) };
  const itemKey = decodeSegment(item.slice(4));
  return itemKey === undefined ? undefined : { flow, run, task, itemKey };
}

/** The name of a record whose external job gives it none. */
export const DEFAULT_EXTERNAL_ID_KEY = 'external_job_id';

/** What a shell takes unchanged. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * The words that name a record, as a shell takes them: `mooring adopt <words> ID`. With `--retry` for a job of BullMQ, which alone
 * the command can retry. `undefined` if no record can be there.
 *
 * @param record - Whose scope it is in, and its `externalIdKey`.
 */
export function recordAddress({ scope, key }: { scope: TaskScope | AssetScope; key: string }): string | undefined {
  if (!isTaskScope(scope)) return undefined;
  const path = scopePath(scope).replace(/\/-1$/, '');
  const named = key === DEFAULT_EXTERNAL_ID_KEY ? [] : [`--key=${shellWord(key)}`];
  const retry = queueJobOf(scope) === undefined ? [] : ['--retry'];
  // A path that begins with a dash would be read as a flag.
  return [...retry, ...named, ...(path.startsWith('-') ? ['--'] : []), shellWord(path)].join(' ');
}

function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The name of a user's key within its scope. */
export function keyName(key: string): string {
  return encodeSegment('the key', key);
}

/** The name of the library's own key that holds the result of an external job. Users' keys cannot reach it. */
export function resultName(externalIdKey: string): string {
  return RESULT + encodeSegment('externalIdKey', externalIdKey);
}

/** The path of probes, an asset that no user can name. */
export const PROBE_PATH = 'assets/doctor=';

/** Whether a path is one that `scopePath()` makes, or that of probes. */
export function isScopePath(path: string): boolean {
  const parts = path.split('/');
  if (parts[0] === 'assets') {
    const asset = parts[1] ?? '';
    return path === PROBE_PATH || (parts.length === 2 && isSegment(asset.startsWith('uri=') ? asset.slice(4) : asset));
  }
  const [flow = '', run = '', task = '', item = ''] = parts;
  return parts.length === TASK_PARTS && isUnlikeAssets(flow) && isSegment(run) && isUnlikeAssets(task) && isItem(item);
}

/** Whether a name is one that `keyName()` or `resultName()` makes. */
export function isKeyName(name: string): boolean {
  return isSegment(name.startsWith(RESULT) ? name.slice(RESULT.length) : name);
}

function isUnlikeAssets(segment: string): boolean {
  return segment === ESCAPED_ASSETS || (segment !== ASSETS && isSegment(segment));
}

function isItem(item: string): boolean {
  if (item.startsWith('key=')) return isSegment(item.slice(4));
  return item === '-1' || (/^(?:0|[1-9]\d*)$/.test(item) && Number.isSafeInteger(Number(item)));
}

/** Whether a segment is what `encodeSegment()` makes of some text. */
function isSegment(segment: string): boolean {
  if (segment.startsWith(DIGEST)) return WHOLE_DIGEST.test(segment);
  try {
    return encodeSegment('the segment', decodeURIComponent(segment)) === segment;
  } catch {
    return false;
  }
}

/**
 * Joins the namespace, the path of a scope, the name of a key and the name of an object. The whole is held to the limit of object
 * stores.
 */
export function objectKey(namespace: string, path: string, name: string, object: string): string {
  const key = `${namespace}/${path}/${name}/${object}`;
  if (key.length > LONGEST_PATH) {
    throw new InvalidKeyError('the path', `must have at most ${LONGEST_PATH} bytes`, `one of ${key.length} bytes`);
  }
  return key;
}

const OBJECT_KEY = /^(?:[A-Za-z0-9_.~=-]|%[0-9A-F]{2})+(?:\/(?:[A-Za-z0-9_.~=-]|%[0-9A-F]{2})+){4,6}$/;

/** Whether a text from a store is an object key that this grammar makes. Checked before a reference is followed. */
export function isObjectKey(key: string): boolean {
  return key.length <= LONGEST_PATH && OBJECT_KEY.test(key) && !key.split('/').some((part) => part === '.' || part === '..');
}
