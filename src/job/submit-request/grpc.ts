import type { AnyError } from './causes.ts';

/**
 * `@grpc/grpc-js`. Its errors have no cause: the sentence is all there is. It ends a call in these words before the call has a stream.
 * A server may say the same of its own backend, so a stream that ended meanwhile forbids the conclusion.
 */

const UNAVAILABLE = 14;
const UNSENT: readonly (readonly [RegExp, string])[] = [
  [/^(?:\w+: )?No connection established/, 'no connection could be made'],
  [/^Name resolution failed for target /, 'the host is unknown'],
];
/** Set on the error of a call that was repeated by a retry policy. https://github.com/grpc/proposal/blob/master/A6-client-retries.md */
const REPEATED = 'grpc-previous-rpc-attempts';

/** What kept a call from getting a stream. `undefined`: it is another error, or nobody knows. */
export function grpcFault(error: AnyError): string | undefined {
  const { code, details, metadata } = error;
  if (code !== UNAVAILABLE || typeof details !== 'string') return undefined;
  const repeated = (metadata as { get?: (key: string) => readonly unknown[] } | undefined)?.get?.(REPEATED);
  if (repeated === undefined || repeated.length > 0) return undefined;
  return UNSENT.find(([words]) => words.test(details))?.[1];
}
