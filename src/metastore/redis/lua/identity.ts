import { AT } from './places.ts';

/** The parts of the argument `id`, a write ID, and what they say of an entry or a record, a name of Lua. */

/** The parts: fence, nonce, and what all writes of one run share. */
export const IDENTITY: string = String.raw`
local fence, nonce, run = ID:sub(${AT.fence}), ID:sub(${AT.nonce}), ID:sub(${AT.run})`;

/** Whether an attempt, or a run, that is newer than this one wrote it. */
export function isNewer(text: string): string {
  const other = `${text}:sub(${AT.headFence})`;
  return `(${other} > fence or (${other} == fence and ${text}:sub(${AT.headNonce}) ~= nonce))`;
}

/** Whether this run wrote it. */
export function isOwn(text: string): string {
  return `${text}:sub(${AT.headRun}) == run`;
}

/** Whether this run wrote it with a later write. */
export function isLaterOwn(text: string): string {
  return `(${isOwn(text)} and ${text}:sub(${AT.version}) > ID)`;
}
