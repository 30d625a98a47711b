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

const LONGEST_TITLE = 200;
const LONGEST_URL = 2_000;

/** How the user describes a job to people. A description that is invalid is left out: it must not fail a job. */
export function describe({ job, life, about }: Run, externalId: JsonValue): { shown?: StoredDescription } {
  if (!job.describe) return {};
  try {
    const { title, url } = job.describe(externalId as ExternalId);
    const shown = {
      ...(title !== undefined && { title: title.slice(0, LONGEST_TITLE) }),
      ...(url !== undefined && { url: webAddress(url) }),
    };
    return { shown };
  } catch (err) {
    life.log.warn({ ...about, externalId, err }, 'describe failed');
    return {};
  }
}

/** Pages show it as a link, so no other scheme is allowed. */
function webAddress(url: string): string {
  const { protocol, href } = new URL(url);
  if ((protocol !== 'https:' && protocol !== 'http:') || href.length > LONGEST_URL) {
    throw new TypeError(`url must begin with http: or https: and have at most ${LONGEST_URL} characters`);
  }
  return href;
}
