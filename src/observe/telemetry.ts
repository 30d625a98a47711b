import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import type { DecisionKind, StateEvent } from './events.ts';

/**
 * Counters and spans of OpenTelemetry, which cost nothing without an SDK. They are looked up at every use: an SDK may be set up
 * after this library is loaded. Tags never hold a path, a key or a value.
 */

const NAME = 'mooring';

/** Counts an event of a store. */
export function countEvent(event: StateEvent): void {
  switch (event.type) {
    case 'decision':
      return count('decisions', 'Runs of external jobs, by what they did', 1, {
        decision: event.decision,
        ...(event.name !== undefined && { job: event.name }),
      });
    case 'stale-write':
      return count('stale_writes', 'Writes of attempts that had been superseded', 1);
    case 'missing-object':
      return count('missing_objects', 'Objects that entries refer to and that do not exist', 1);
    case 'orphan':
      return count('orphans', 'External jobs that no record holds', 1);
    case 'offload':
      return count('offloaded_bytes', 'Bytes put in the object store, as stored', event.storedBytes, undefined, 'By');
    case 'sweep':
      count('swept_entries', 'Expired entries that were removed', event.report.entries);
      count('swept_objects', 'Objects that were removed because nothing needs them', event.report.objects);
      return count('swept_bytes', 'Bytes in those objects', event.report.bytes, undefined, 'By');
  }
}

/** Counts a status that an external system did not give, or that nobody classified. */
export function countStatusError(): void {
  count('status_errors', 'Statuses of external jobs that could not be had', 1);
}

function count(name: string, description: string, by: number, tags?: Record<string, string>, unit = '1'): void {
  metrics.getMeter(NAME).createCounter(`${NAME}.${name}`, { description, unit }).add(by, tags);
}

/** The span around what a run decides; ended before the run waits. */
export interface DecisionSpan {
  /** Ends it, once; later calls do nothing. `undefined`: no decision was reached. */
  end(decision: DecisionKind | undefined): void;
}

/** Starts the span of a decision. */
export function startDecisionSpan(): DecisionSpan {
  const span = trace.getTracer(NAME).startSpan(`${NAME}.decide`);
  let ended = false;
  return {
    end(decision) {
      if (ended) return;
      ended = true;
      if (decision === undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      else span.setAttribute(`${NAME}.decision`, decision);
      span.end();
    },
  };
}
