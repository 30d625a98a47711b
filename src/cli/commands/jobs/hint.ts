import { nameOf } from '../../address/name.ts';
import { waitsForPerson } from '../../layout/job.ts';
import { count } from '../../words.ts';
import type { Listing } from './listing.ts';

/** What to do next, if a job waits for a person. */
export function nextStep({ records, waiting }: Listing): string[] {
  const first = records.find(waitsForPerson);
  if (!first) return [];
  const name = nameOf(first.scope, first.externalIdKey);
  return [`${count(waiting, 'job waits', 'jobs wait')} for a person: mooring show ${name} says what to do.`];
}
