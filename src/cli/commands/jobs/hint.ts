import { nameOf } from '../../address/name.ts';
import { waitsForPerson } from '../../layout/job.ts';
import { count } from '../../words.ts';
import type { Listing } from './listing.ts';

/** What to do next, if a job waits for a person or may do so. */
export function nextStep(listing: Listing): string[] {
  return [...waitingStep(listing), ...lateStep(listing)];
}

function lateStep({ total, late }: Listing): string[] {
  const more = total > 0 ? `${late} more` : count(late, 'job');
  return late === 0
    ? []
    : [
        `${more} ${late === 1 ? 'is' : 'are'} submitting past ${late === 1 ? 'its' : 'the'} deadline: mooring jobs --state submitting`,
      ];
}

function waitingStep({ records, waiting }: Listing): string[] {
  const first = records.find(waitsForPerson);
  if (!first) return [];
  const name = nameOf(first.scope, first.externalIdKey);
  return [`${count(waiting, 'job waits', 'jobs wait')} for a person: mooring show ${name} says what to do.`];
}
