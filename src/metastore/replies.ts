import { CorruptEntryError, OutcomeUnknownError } from '../model/errors/store.ts';
import type { ClearReply } from './operators.ts';
import type { RecordReply } from './records.ts';
import type { WriteReply } from './values.ts';

/** What the replies to writes say, and when a refusal cannot be believed. */

/** What a script may answer to a write. */
export type Reply = { kind: WriteReply['kind'] | RecordReply['kind'] | ClearReply['kind'] };

/**
 * Hands on a reply. After a resend a refusal says nothing of the first copy of the write. That copy may have been applied, and
 * the refusal may be its own consequence.
 *
 * @throws {@link OutcomeUnknownError} for a refusal of what may have been sent before.
 */
export function believe<R extends Reply>(reply: R, resent: boolean, store: string): R {
  if (!resent || reply.kind === 'ok') return reply;
  throw new OutcomeUnknownError(
    'no-answer',
    `a write that was sent again was refused (${reply.kind}); its first copy may have been applied`,
    {
      store,
    },
  );
}

/** The error for a text of a newer format, which is left unchanged. */
export function foreignFormat(path: string, name: string, store: string): CorruptEntryError {
  return new CorruptEntryError(`the entry or record ${name} of ${path} has a format that this version does not know`, { store });
}
