import { isScopePath } from '../../format/path.ts';
import type { Flags, Given } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/**
 * How a job is named on the command line, with what a person has at hand: a queue and a job's ID, a workflow's ID, or the path
 * that `mooring jobs` prints.
 */

/** What a person named. `key` is the record, if the person named one. */
export type Address = { readonly key: string | undefined } & (
  | { readonly kind: 'queue'; readonly flow: string; readonly id: string }
  | { readonly kind: 'workflow'; readonly workflow: string | undefined; readonly activity: string | undefined }
  | { readonly kind: 'path'; readonly path: string }
);

/** The words of an address, for the usage of a command. */
export const ADDRESS_OPERANDS = '[QUEUE JOBID | PATH]';

/** The flags of an address. */
export const ADDRESS_FLAGS: Flags = {
  prefix: { value: 'PREFIX', holds: 'the prefix of the queue (bull)' },
  workflow: { value: 'ID', holds: 'Temporal: the ID of the workflow, in place of words' },
  activity: { value: 'NAME', holds: 'Temporal: the ID or the type of the activity; all of the workflow without it' },
  key: { value: 'NAME', holds: 'the name of the record, if the task has several (external_job_id)' },
};

/** What an address looks like, for the help of a command. */
export const ADDRESS_ABOUT: readonly string[] = [
  'Name the job by its queue and its ID (transcode 42), by its workflow (--workflow order-7), or by its path, as mooring jobs',
  '--paths prints it (import/2026-12-01/load). The path is needed only if the other names fit several jobs.',
];

/** An address, and the words after it. */
export interface Addressed {
  readonly address: Address;
  readonly rest: readonly string[];
}

/**
 * Reads an address, which is all that was typed.
 *
 * @throws {@link UsageError}
 */
export function readAddress(given: Given): Address {
  const { address, rest } = readAddressed(given);
  const [unexpected] = rest;
  if (unexpected !== undefined) throw new UsageError(`${quoted(unexpected)} is a word too many: one job is named at a time`);
  return address;
}

/**
 * Reads an address and leaves the words that follow it.
 *
 * @throws {@link UsageError}
 */
export function readAddressed(given: Given): Addressed {
  const { positionals } = given;
  const [workflow, activity, prefix, key] = ['workflow', 'activity', 'prefix', 'key'].map((flag) => given.text(flag));
  if (workflow !== undefined || activity !== undefined) {
    if (prefix !== undefined) throw new UsageError('--prefix is for queues of BullMQ: it excludes --workflow and --activity');
    return { address: { kind: 'workflow', workflow, activity, key }, rest: positionals };
  }
  const [first, second, ...more] = positionals;
  if (first === undefined) throw new UsageError(`a job is missing: ${WAYS}`);
  const path = pathIn(first);
  if (path !== undefined) {
    if (prefix !== undefined) throw new UsageError('--prefix excludes a path, which has the prefix in it');
    return { address: { kind: 'path', path, key }, rest: positionals.slice(1) };
  }
  if (second === undefined) throw new UsageError(`${quoted(first)} is no path, and after a queue comes the ID of a job: ${WAYS}`);
  return { address: { kind: 'queue', flow: readQueue(first, prefix), id: second, key }, rest: more };
}

const WAYS = 'name it by QUEUE JOBID, by --workflow ID, or by its path as mooring jobs --paths prints it';

/**
 * The flow of a queue. BullMQ allows no colon in its name, so a name with one has its prefix already.
 *
 * @throws {@link UsageError}
 */
export function readQueue(queue: string, prefix: string | undefined): string {
  if (!queue.includes(':')) return `${prefix ?? 'bull'}:${queue}`;
  if (prefix !== undefined)
    throw new UsageError(`--prefix excludes a queue that is named with its prefix, as ${quoted(queue)} is`);
  return queue;
}

/** The path of a scope, if the word is one. The last segment may be left out for a task that is no item. */
function pathIn(word: string): string | undefined {
  const trimmed = word.replace(/\/$/, '');
  return [trimmed, `${trimmed}/-1`].find((path) => !path.startsWith('assets/') && isScopePath(path));
}

/** The address in words, as it was meant. */
export function addressInWords(address: Address): string {
  const key = address.key === undefined ? '' : ` and the key ${quoted(address.key)}`;
  if (address.kind === 'queue') return `job ${quoted(address.id)} of the queue ${quoted(address.flow)}${key}`;
  if (address.kind === 'path') return `the path ${address.path}${key}`;
  const { workflow, activity } = address;
  const named = [
    ...(activity === undefined ? [] : [`the activity ${quoted(activity)}`]),
    ...(workflow === undefined ? [] : [`the workflow ${quoted(workflow)}`]),
  ];
  return `${named.join(' of ')}${key}`;
}

/** As JSON a text cannot move the terminal's cursor. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
