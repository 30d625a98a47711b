import { context, isSpanContextValid, SpanStatusCode, trace, TraceFlags, type Attributes } from '@opentelemetry/api';
import type { DecisionKind } from './events.ts';
import { SCOPE } from './metrics.ts';

/**
 * Spans of OpenTelemetry, which cost nothing without an SDK. Each is a child of the span that is active in the task's code, and
 * active itself while its work runs. So requests of an instrumented client are its children. Attributes never hold an input, a
 * result or the text of an error: they may hold what nobody should see.
 */

/** The span around what a run decides; ended before the run waits. */
export interface DecisionSpan {
  /** Ends it, once; later calls do nothing. `undefined`: no decision was reached. */
  end(decision: DecisionKind | undefined, about?: Attributes): void;
}

/** Starts the span of a decision. */
export function startDecisionSpan(about: Attributes): DecisionSpan {
  const span = trace.getTracer(SCOPE).startSpan('mooring.decide', { attributes: about });
  let ended = false;
  return {
    end(decision, about = {}) {
      if (ended) return;
      ended = true;
      span.setAttributes(about);
      if (decision === undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      else span.setAttribute('mooring.decision', decision);
      span.end();
    },
  };
}

/** A span whose work runs. */
export interface WorkSpan {
  set(attributes: Attributes): void;
  /** The text by which a later span can link to this one; `undefined` if it is not sampled, and so never exported. */
  readonly traceparent: string | undefined;
}

/** What a span is of. */
export interface SpanOptions {
  name: 'mooring.submit' | 'mooring.wait' | 'mooring.finish';
  attributes: Attributes;
  /** The text of an earlier span that this one continues. */
  link?: string | undefined;
  /** Whether an error is no fault, such as an attempt that gave its slot back. */
  forgives?: (error: unknown) => boolean;
}

/** Does work within a span. The span of work that throws is an error, by its code or its name. */
export async function inSpan<T>(options: SpanOptions, work: (span: WorkSpan) => Promise<T>): Promise<T> {
  const { name, attributes, link, forgives } = options;
  const linked = link === undefined ? undefined : parseTraceparent(link);
  const span = trace.getTracer(SCOPE).startSpan(name, {
    attributes,
    ...(linked && { links: [{ context: linked }] }),
  });
  const { traceId, spanId, traceFlags } = span.spanContext();
  const isSampled = isSpanContextValid(span.spanContext()) && (traceFlags & TraceFlags.SAMPLED) !== 0;
  const traceparent = isSampled ? `00-${traceId}-${spanId}-01` : undefined;
  try {
    const view = { set: (more: Attributes) => void span.setAttributes(more), traceparent };
    return await context.with(trace.setSpan(context.active(), span), () => work(view));
  } catch (error) {
    if (!forgives?.(error)) {
      span.setAttribute('error.type', errorType(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    throw error;
  } finally {
    span.end();
  }
}

/** The code of an error of this library or of Node, else the name of its class. */
function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : typeof error;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function parseTraceparent(text: string): { traceId: string; spanId: string; traceFlags: number; isRemote: true } | undefined {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? [];
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } as const;
  return isSpanContextValid(parsed) ? parsed : undefined;
}
