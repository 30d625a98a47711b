import { describe, expect, test } from '@jest/globals';
import { whyUnsent } from '../../../../src/job/submit-request/verdict.ts';
import type { Seen } from '../../../../src/job/submit-request/seen.ts';

/** Errors as clients make them, of a request that was seen to stay here unless the test says otherwise. */

function failed(fields: object): Error {
  return Object.assign(new Error('failed'), fields);
}

function seen(error: unknown, more: Partial<Seen> = {}): Seen {
  return { requests: [{ left: false, http1: false, error }], streams: false, atOnce: false, ...more };
}

const REFUSED = { code: 'ECONNREFUSED', syscall: 'connect' };

describe('the error of a request that stayed here', () => {
  test.each([
    ['a refused connection', REFUSED],
    ['no route to the host', { code: 'EHOSTUNREACH', syscall: 'connect' }],
    ['no route to the network', { code: 'ENETUNREACH', syscall: 'connect' }],
    ['a socket file that is not there', { code: 'ENOENT', syscall: 'connect' }],
    ['a connection that took too long for the kernel', { code: 'ETIMEDOUT', syscall: 'connect' }],
    ['a connection that took too long for undici', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
    ['a connection that took too long for got', { code: 'ETIMEDOUT', event: 'connect' }],
    ['an unknown host', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    ['a resolver that does not answer', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }],
    ['a certificate that has expired', { code: 'CERT_HAS_EXPIRED' }],
    ['a certificate of nobody', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }],
    ['a certificate of another host', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
    ['a server that speaks no TLS', { code: 'EPROTO', syscall: 'write' }],
    ['all addresses refused', { code: 'ECONNREFUSED', errors: [failed(REFUSED), failed({ ...REFUSED, code: 'ETIMEDOUT' })] }],
  ])('%s is certain', (_what, fields) => {
    const error = failed(fields);

    expect(whyUnsent(error, seen(error))).toMatchObject({ retryable: true });
  });

  test.each([
    ['a broken pipe', { code: 'EPIPE', syscall: 'write' }],
    ['a reset', { code: 'ECONNRESET', syscall: 'read' }],
    ['a reset that has no system call', { code: 'ECONNRESET' }],
    ['an end that a client calls an abort', { code: 'ECONNABORTED' }],
    ['a time-out of a read', { code: 'ETIMEDOUT', syscall: 'read' }],
    ['a time-out of nobody knows what', { code: 'ETIMEDOUT' }],
    ['a time-out of the answer, of got', { code: 'ETIMEDOUT', event: 'response' }],
    ['a refusal that is not of a connect', { code: 'ECONNREFUSED', syscall: 'read' }],
    ['one address that was reached', { code: 'ECONNREFUSED', errors: [failed(REFUSED), failed({ code: 'ECONNRESET' })] }],
    ['no member at all', { code: 'ECONNREFUSED', errors: [] }],
    ['an abort', { name: 'AbortError', code: 'ABORT_ERR' }],
    ['no code', {}],
  ])('%s is not', (_what, fields) => {
    const error = failed(fields);

    expect(whyUnsent(error, seen(error))).toBeUndefined();
  });
});

describe('a refused connection is not enough', () => {
  const error = failed(REFUSED);

  test.each<[string, Partial<Seen>]>([
    ['the request left', { requests: [{ left: true, http1: false, error }] }],
    ['the request has not ended', { requests: [{ left: false, http1: false }] }],
    [
      'there was another request',
      {
        requests: [
          { left: false, http1: false, error },
          { left: false, http1: false, error: failed(REFUSED) },
        ],
      },
    ],
    ['no request was seen', { requests: [] }],
    ['it is the error of another request', { requests: [{ left: false, http1: false, error: failed(REFUSED) }] }],
    ['a stream of HTTP/2 ended meanwhile', { streams: true }],
  ])('if %s', (_why, more) => {
    expect(whyUnsent(error, seen(error, more))).toBeUndefined();
  });
});

test('a stream of HTTP/2 says nothing of a request over HTTP/1', () => {
  const error = failed(REFUSED);

  const verdict = whyUnsent(error, { requests: [{ left: false, http1: true, error }], streams: true, atOnce: false });

  expect(verdict).toMatchObject({ retryable: true });
});

describe('a client that counts the tries in a queue of its own', () => {
  test.each([
    ['the AWS SDK', { $metadata: { attempts: 2 } }],
    ['got', { request: { retryCount: 1 } }],
    ['axios-retry', { config: { 'axios-retry': { retryCount: 1 } } }],
    ['gaxios', { config: { retryConfig: { currentRetryAttempt: 1 } } }],
  ])('%s: one before the last may have been accepted', (_client, counted) => {
    const error = failed(REFUSED);

    const verdict = whyUnsent(failed({ ...counted, cause: error }), seen(error));

    expect(verdict).toBeUndefined();
  });

  test.each([
    ['the AWS SDK', { $metadata: { attempts: 1 } }],
    ['got', { request: { retryCount: 0 } }],
    ['axios-retry', { config: { 'axios-retry': { retryCount: 0 } } }],
    ['gaxios', { config: { retryConfig: { currentRetryAttempt: 0 } } }],
  ])('%s: the first is certain', (_client, counted) => {
    const error = failed(REFUSED);

    const verdict = whyUnsent(failed({ ...counted, cause: error }), seen(error));

    expect(verdict).toMatchObject({ retryable: true });
  });
});

describe('a client that tells of the error in words of its own', () => {
  const hungUp = failed({ code: 'ECONNRESET' });
  const own = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), REFUSED);
  const retold = { code: 'ECONNREFUSED', message: 'request to http://a/ failed, reason: connect ECONNREFUSED 127.0.0.1:1' };

  test('node-fetch, of the request that was seen', () => {
    expect(whyUnsent(failed(retold), seen(own))).toMatchObject({ retryable: true });
  });

  test.each([
    ['with another code', { code: 'ENOTFOUND' }],
    ['with another text', { message: 'request to http://a/ failed, reason: connect ECONNREFUSED 127.0.0.1:2' }],
    ['in the words of somebody else', { message: 'connect ECONNREFUSED 127.0.0.1:1' }],
  ])('%s it is not the error of that request', (_how, fields) => {
    expect(whyUnsent(failed({ ...retold, ...fields }), seen(own))).toBeUndefined();
  });

  test('the AWS SDK, which gives up a connection that does not come about', () => {
    const error = failed({ name: 'TimeoutError', $metadata: { attempts: 1 } });

    expect(whyUnsent(error, seen(hungUp))).toMatchObject({ retryable: true });
  });

  test.each([
    ['a connection that broke, which has that name too', { code: 'ECONNRESET', $metadata: { attempts: 1 } }],
    ['a TimeoutError of somebody else', {}],
  ])('%s is not certain', (_what, fields) => {
    expect(whyUnsent(failed({ name: 'TimeoutError', ...fields }), seen(hungUp))).toBeUndefined();
  });
});

describe('gRPC', () => {
  const metadata = (values: readonly string[]): object => ({ get: () => values });
  const words = { code: 14, details: 'No connection established. Last error: connect ECONNREFUSED', metadata: metadata([]) };

  test('no connection is certain', () => {
    expect(whyUnsent(failed(words), seen(undefined, { requests: [] }))).toMatchObject({ retryable: true });
  });

  test.each<[string, object, Partial<Seen>]>([
    ['a call that was repeated', { metadata: metadata(['1']) }, {}],
    ['a server that says so of its own backend', {}, { streams: true }],
    ['an error without metadata', { metadata: undefined }, {}],
    ['another sentence', { details: 'Connection dropped' }, {}],
    ['another code', { code: 4 }, {}],
  ])('%s is not', (_what, fields, more) => {
    expect(whyUnsent(failed({ ...words, ...fields }), seen(undefined, { requests: [], ...more }))).toBeUndefined();
  });
});

test('an invalid request is certain only before anything could have been answered', () => {
  const error = failed({ code: 'ERR_INVALID_CHAR' });

  expect(whyUnsent(error, seen(error, { requests: [], atOnce: true }))).toMatchObject({ retryable: false });
  expect(whyUnsent(error, seen(error, { requests: [] }))).toBeUndefined();
});

test('an invalid request says nothing of another one that still runs', () => {
  const error = failed({ code: 'ERR_INVALID_CHAR' });

  const verdict = whyUnsent(error, { requests: [{ left: false, http1: true }], streams: false, atOnce: true });

  expect(verdict).toBeUndefined();
});

test('an abort is certain only before anything could have begun', () => {
  const error = failed({ name: 'AbortError' });

  expect(whyUnsent(error, seen(error, { requests: [], atOnce: true }))).toMatchObject({ retryable: true });
  expect(whyUnsent(error, seen(error, { requests: [] }))).toBeUndefined();
});
