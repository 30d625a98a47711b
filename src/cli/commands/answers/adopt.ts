import { isDeepStrictEqual } from 'node:util';
import type { JobRecord } from '../../../index.ts';
import type { JsonValue } from '../../../model/storable.ts';
import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand } from '../../command.ts';
import { readJson } from '../../input/json.ts';
import { RefusedError, UNSURE } from '../refused.ts';
import { UsageError } from '../../usage-error.ts';
import { ANSWER_FLAGS, answering, type PersonsAnswer } from './answer.ts';

/** `mooring adopt`: the submit arrived, and this is the job. */
export const adoptCommand: StoreCommand = {
  kind: 'store',
  summary: 'answer that a submit arrived: the external job has this ID',
  operands: `${ADDRESS_OPERANDS} EXTERNAL_ID`,
  flags: { ...ANSWER_FLAGS, 'json-id': { holds: 'the ID is JSON: a number or an object, in place of a text' } },
  about: [
    'For a record that is ambiguous: look in the external system for its idempotency key first (mooring show). The next attempt',
    'reconnects to the job, and submits nothing.',
    ...ADDRESS_ABOUT,
  ],
  examples: [
    ['mooring adopt transcode 42 job-17 --retry', 'job 42 of the queue goes on with the external job job-17'],
    ['mooring adopt --workflow order-7 --json-id 1234', 'the ID is a number'],
  ],
  interrupted: UNSURE,
  plan: (given) =>
    answering(given, (rest) => {
      const [text, unexpected] = rest;
      if (text === undefined) throw new UsageError('after the job comes the ID that its external job has');
      if (unexpected !== undefined) throw new UsageError('one ID is enough: quote it if it has spaces');
      return adopted(given.has('json-id') ? (readJson(text, NO_JSON) as JsonValue) : text);
    }),
};

function adopted(externalId: JsonValue): PersonsAnswer {
  return {
    kind: 'adopted',
    states: ['ambiguous', 'submitting'],
    check: (record) => requireLikely(record, externalId),
    give: (records, record, call) => records.adopt(record, externalId, call),
    inWords: ({ submission }, named) =>
      `adopted ${JSON.stringify(externalId)} as submission ${submission} of ${named}: the next attempt reconnects to it`,
  };
}

const NO_JSON = `--json-id needs an ID in JSON, such as 1234 or '{"name":"a"}'`;

/**
 * Earlier IDs of the same task tell what an ID is.
 *
 * @throws {@link RefusedError} {@link UsageError}
 */
function requireLikely({ previous }: JobRecord, externalId: JsonValue): void {
  const earlier = previous.filter((one) => one.externalId !== undefined);
  const same = earlier.find((one) => isDeepStrictEqual(one.externalId, externalId));
  if (same) throw new RefusedError(`that is the job of submission ${same.submission}, which is over: look for the one after it`);
  const [first] = earlier;
  if (first && typeof first.externalId !== typeof externalId) {
    const [was, is] = [first.externalId, externalId].map((id) => (typeof id === 'string' ? 'a text' : `a JSON ${typeof id}`));
    throw new UsageError(`the ID of submission ${first.submission} was ${was}, and this one is ${is} (see --json-id)`);
  }
}
