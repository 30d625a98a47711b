import { isDeepStrictEqual } from 'node:util';
import { jobRecords, type Orphan, type StateStore } from '../../../index.ts';
import type { JsonValue } from '../../../model/storable.ts';
import { ADDRESS_ABOUT, ADDRESS_FLAGS, ADDRESS_OPERANDS, readAddressed, type Address } from '../../address/address.ts';
import { isMeant } from '../../address/match.ts';
import { nameOf } from '../../address/name.ts';
import type { StoreCommand } from '../../command.ts';
import { questioner, REFUSED, YES } from '../../input/question.ts';
import { EXIT } from '../../outcome.ts';
import { UsageError } from '../../usage-error.ts';
import { RefusedError, UNSURE } from '../refused.ts';

/** `mooring forget`: takes an orphan off the list. */
export const forgetCommand: StoreCommand = {
  kind: 'store',
  summary: 'take an orphan off the list, once it was stopped or may go on',
  operands: `${ADDRESS_OPERANDS} EXTERNAL_ID`,
  flags: { ...ADDRESS_FLAGS, ...YES },
  about: [
    'Stops nothing: the external job goes on until somebody stops it in the external system. The ID is written as mooring orphans',
    'prints it.',
    ...ADDRESS_ABOUT,
  ],
  examples: [['mooring forget transcode 42 job-17', 'job-17 is no orphan any more']],
  interrupted: UNSURE,
  plan(given) {
    const { address, rest } = readAddressed(given);
    const [id, unexpected] = rest;
    if (id === undefined || unexpected !== undefined) throw new UsageError('after the job comes the ID of the orphan, one word');
    return async (store, work) => {
      const ask = questioner(given, work);
      const { signal } = work;
      const orphan = await orphanAt(store, address, id, signal);
      const named = `${JSON.stringify(orphan.externalId)} of ${nameOf(orphan.scope)}`;
      if (!(await ask(`Was ${named} stopped, or may it go on? It is taken off the list.`))) return REFUSED;
      await jobRecords(store).forget(orphan, { signal });
      const { scope, externalId } = orphan;
      return { code: EXIT.ok, report: { forgotten: { scope, externalId } }, lines: [`forgot the orphan ${named}`] };
    };
  },
};

/** @throws {@link RefusedError} if there is no such orphan. */
async function orphanAt(store: StateStore, address: Address, id: string, signal: AbortSignal): Promise<Orphan> {
  for await (const orphan of jobRecords(store).orphans({ signal })) {
    if (isMeant(address, orphan) && isNamed(orphan.externalId, id)) return orphan;
  }
  throw new RefusedError('there is no such orphan (mooring orphans lists them)');
}

/** Whether a word is this ID: its text, or its JSON. */
function isNamed(externalId: JsonValue, word: string): boolean {
  if (externalId === word) return true;
  try {
    return isDeepStrictEqual(externalId, JSON.parse(word));
  } catch {
    return false;
  }
}
