import type { Attributes } from '@opentelemetry/api';
import type { PreviousSubmission, StoredDescription, StoredRecord } from '../../format/record.ts';
import { firstSentAt } from '../../format/record.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { JobContext, PreviousJob } from '../call-context.ts';
import type { ExternalId } from '../external-job.ts';
import type { Run } from './run.ts';

/** What the functions of an external job are told of its submission, and what they tell people of it. */

/** The part of a record that tells of the submission. */
export type AboutSubmission = Pick<StoredRecord, 'idempotencyKey' | 'submission' | 'firstSentAt' | 'updatedAt'>;

/** The submission of a record, as the functions of an external job are told. */
export function submissionOf(
  record: AboutSubmission,
): Pick<JobContext<unknown>, 'idempotencyKey' | 'submission' | 'submittedAt'> {
  const { idempotencyKey, submission } = record;
  return { idempotencyKey, submission, submittedAt: new Date(firstSentAt(record)) };
}

/** The context of a call for the job of a record. */
export function contextOf({ input }: Pick<Run, 'input'>, record: AboutSubmission, signal: AbortSignal): JobContext<unknown> {
  return { signal, input, ...submissionOf(record) };
}

/** The failed job that a submission follows. */
export function previousJob(previous: readonly PreviousSubmission[]): PreviousJob | undefined {
  const { externalId, reason, submission } = previous.at(-1) ?? {};
  if (externalId === undefined || reason === undefined || submission === undefined) return undefined;
  return { externalId, reason, submission };
}

/** What a span tells of a submission: never an input, a result or a key. */
export function spanned(
  { options, attempt }: Run,
  record: Pick<StoredRecord, 'submission' | 'externalId' | 'shown'>,
): Attributes {
  const { submission, externalId, shown } = record;
  return {
    ...(options.name !== undefined && { 'mooring.job.name': options.name }),
    'mooring.submission': submission,
    'mooring.attempt': attempt.attempt,
    ...(externalId !== undefined && { 'mooring.external_id': idText(externalId) }),
    ...(shown?.url !== undefined && { 'mooring.external_url': shown.url }),
  };
}

function idText(externalId: JsonValue): string {
  return typeof externalId === 'string' ? externalId : JSON.stringify(externalId);
}

const LONGEST_TITLE = 200;
const LONGEST_URL = 2_000;

/** How the user describes a job to people. A description that is invalid is left out: it must not fail a job. */
export function describe({ job, life, about }: Run, externalId: JsonValue): { shown?: StoredDescription } {
  if (!job.describe) return {};
  try {
    const { title, url, costPerHour } = job.describe(externalId as ExternalId);
    const shown = {
      ...(title !== undefined && { title: title.slice(0, LONGEST_TITLE) }),
      ...(url !== undefined && { url: webAddress(url) }),
      ...(costPerHour !== undefined && { costPerHour: price(costPerHour) }),
    };
    return { shown };
  } catch (err) {
    life.log.warn({ ...about, externalId, err }, 'describe failed');
    return {};
  }
}

function price({ amount, currency }: Price): Price {
  if (!Number.isFinite(amount) || amount < 0 || !/^[A-Z]{3}$/.test(currency)) {
    throw new TypeError('costPerHour must have an amount of at least 0 and a currency of three capital letters');
  }
  return { amount, currency };
}

type Price = NonNullable<StoredDescription['costPerHour']>;

/** Pages show it as a link, so no other scheme is allowed. */
function webAddress(url: string): string {
  const address = new URL(url);
  // A name and a password would be on every page and in every span.
  address.username = address.password = '';
  const { protocol, href } = address;
  if ((protocol !== 'https:' && protocol !== 'http:') || href.length > LONGEST_URL) {
    throw new TypeError(`url must begin with http: or https: and have at most ${LONGEST_URL} characters`);
  }
  return href;
}
