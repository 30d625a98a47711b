import { OutcomeUnknownError } from '../errors.ts';
import type { ClearReply, RecordReply, WriteReply } from './metastore.ts';

/** Which replies to a write are refusals, and when a refusal cannot be believed. */

/** What a script may answer to a write. */
export type Reply = { kind: WriteReply['kind'] | RecordReply['kind'] | ClearReply['kind'] };

/**
 * Hands on a reply. After a resend a refusal says nothing of the first copy of the write: it may have been applied, and the
 * refusal may be its own consequence.
 *
 * @throws {@link OutcomeUnknownError} for a refusal of what may have been sent before.
 */
export function believe<R extends Reply>(reply: R, resent: boolean, store: string): R {
  if (!resent || reply.kind === 'ok' || reply.kind === 'moved') return reply;
  throw new OutcomeUnknownError(
    'no-answer',
    `a write that was sent again was refused (${reply.kind}); its first copy may have been applied`,
    {
      store,
    },
  );
}
