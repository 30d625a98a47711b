import { fieldOf, causesOf, type AnyError } from './causes.ts';
import { connectFault } from './connecting.ts';
import { triedBefore } from './earlier-tries.ts';
import { grpcFault } from './grpc.ts';
import { invalidRequest } from './invalid.ts';
import type { Seen, SeenRequest } from './seen.ts';

/** Why nothing left this machine. */
export interface Unsent {
  readonly why: string;
  /** Whether a later request may succeed. */
  readonly retryable: boolean;
}

/**
 * Decides whether a failed call certainly sent nothing. That needs two things to agree: the error is one of those that come before
 * anything is sent, and nothing was seen to be sent. `undefined`: something may have been sent.
 */
export function whyUnsent(error: unknown, seen: Seen): Unsent | undefined {
  const errors = causesOf(error);
  if (triedBefore(errors)) return undefined;
  // A request that has not failed may still be sent.
  if (seen.requests.some(({ left, error: own }) => left || own === undefined)) return undefined;
  return beforeSending(errors, seen) ?? connecting(errors, seen);
}

/** The call failed before there was an HTTP request, or its client is one that cannot be watched. */
function beforeSending(errors: readonly AnyError[], { streams, atOnce }: Seen): Unsent | undefined {
  if (streams) return undefined;
  for (const one of errors) {
    const grpc = grpcFault(one);
    if (grpc !== undefined) return { why: grpc, retryable: true };
    if (!atOnce) continue;
    const invalid = invalidRequest(one);
    if (invalid !== undefined) return { why: invalid, retryable: false };
    if (isAbort(one)) return { why: 'it was aborted before it began', retryable: true };
  }
  return undefined;
}

/** The one request of the call found no connection. */
function connecting(errors: readonly AnyError[], { requests: [request, ...others], streams }: Seen): Unsent | undefined {
  if (!request || others.length > 0) return undefined;
  if (streams && !request.http1) return undefined;
  const why = errors.map((one) => faultOf(one, request)).find((fault) => fault !== undefined);
  return why === undefined ? undefined : { why, retryable: true };
}

/** What an error of a call says of the one request that was seen, if it is that request's error, or tells of it. */
function faultOf(error: AnyError, { error: own }: SeenRequest): string | undefined {
  if (error === own || retold(error, own)) return connectFault(own as AnyError);
  return awsConnectTimeout(error) ? 'no connection came about in time' : undefined;
}

/** node-fetch, which gaxios is made of, makes an error of its own, with the code and the text of the other. It has no `cause`. */
function retold({ code, message }: AnyError, own: unknown): boolean {
  const text = fieldOf(own, 'message');
  if (typeof message !== 'string' || typeof text !== 'string' || code === undefined) return false;
  return code === fieldOf(own, 'code') && message.startsWith('request to ') && message.endsWith(` failed, reason: ${text}`);
}

/** The AWS SDK gives up a connection by an error of its own, which has no code. A connection that broke has one, and the same name. */
function awsConnectTimeout(error: AnyError): boolean {
  return error['name'] === 'TimeoutError' && error['code'] === undefined && fieldOf(error, '$metadata', 'attempts') === 1;
}

function isAbort({ name, code }: AnyError): boolean {
  return name === 'AbortError' || code === 'ERR_CANCELED';
}
