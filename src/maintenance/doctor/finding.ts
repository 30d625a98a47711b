import type { CallOptions } from '../../async/deadline.ts';
import { isMooringError } from '../../model/errors/store.ts';
import { innermostCode } from '../../model/reason.ts';

/** One thing that `doctor()` looked at. */
export interface Finding {
  /** `warning`: it works, but may fail in some case. `error`: it does not work. */
  level: 'ok' | 'warning' | 'error';
  /** What was looked at: stable, for scripts. */
  check: string;
  /** What was found. */
  message: string;
  /** What to do; only if there is something. */
  remedy?: string;
}

/** Where findings are collected. */
export interface Findings {
  readonly all: readonly Finding[];
  ok(check: string, message: string): void;
  warning(check: string, message: string, remedy: string): void;
  error(check: string, message: string, remedy: string): void;
  /**
   * Runs a check; what it throws is a finding too.
   *
   * @returns whether it did not throw
   * @throws only the reason of the caller's signal
   */
  look(check: string, remedy: string | ((error: unknown) => string), work: () => Promise<void>): Promise<boolean>;
}

/** Nothing was found yet. */
export function createFindings({ signal }: CallOptions): Findings {
  const all: Finding[] = [];
  const findings: Findings = {
    all,
    ok: (check, message) => void all.push({ level: 'ok', check, message }),
    warning: (check, message, remedy) => void all.push({ level: 'warning', check, message, remedy }),
    error: (check, message, remedy) => void all.push({ level: 'error', check, message, remedy }),
    async look(check, remedy, work) {
      signal?.throwIfAborted();
      try {
        await work();
        return true;
      } catch (error) {
        signal?.throwIfAborted();
        findings.error(check, textOf(error), typeof remedy === 'string' ? remedy : remedy(error));
        return false;
      }
    },
  };
  return findings;
}

/**
 * Includes the reason if an error of this library was the cause. Of any other cause only the code is quoted (`EACCES`): its text
 * may quote a path, or what a client was configured with.
 */
export function textOf(error: unknown): string {
  if (!isMooringError(error)) {
    const code = innermostCode(error);
    return `it failed with an error that is not of this library${code === undefined ? '' : ` (${code})`}`;
  }
  const { cause } = error;
  return isSafe(cause) ? `${error.message}: ${cause.message}` : error.message;
}

/** What the stores of this library throw in place of their clients' errors: names and codes, and nothing that the client sent. */
const ERRORS_OF_BUCKETS: ReadonlySet<string> = new Set(['S3Error', 'GcsError']);

function isSafe(cause: unknown): cause is Error {
  return isMooringError(cause) || (cause instanceof Error && ERRORS_OF_BUCKETS.has(cause.name) && 'objectName' in cause);
}
