import { isMooringError } from '../model/errors/store.ts';
import type { BoardError } from './wire.ts';

/** What the page is told of an error. The text of a foreign error may hold anything, and is not told. */

export function faultOf(error: unknown): BoardError['error'] {
  if (isMooringError(error)) return { code: error.code, message: error.message };
  return { code: 'board.failed', message: `it failed (${error instanceof Error ? error.name : typeof error})` };
}

const STATUS: Readonly<Record<string, number>> = {
  'mooring.config': 422,
  'mooring.invalid-key': 422,
  'mooring.invalid-value': 422,
  'mooring.version-conflict': 409,
  'mooring.ambiguous-submit': 409,
  'mooring.store-unavailable': 503,
};

/** The HTTP status of an error. */
export function statusOf(error: unknown): number {
  return isMooringError(error) ? (STATUS[error.code] ?? (error.retryable ? 503 : 500)) : 500;
}
