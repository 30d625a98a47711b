import { guard, type Guard } from './guard.ts';

/** Guards of `submitRequest`: what may have left this machine is never called not submitted. */

const ROOM = 'src/job/submit-request';
const REQUESTS = 'test/unit/job/submit-request/requests.test.ts';
const VERDICT = 'test/unit/job/submit-request/verdict.test.ts';
const ENDS = 'test/integration/job-ends.test.ts';
const GRPC = 'test/integration/not-submitted-grpc.test.ts';

/** From what is seen of a call to what is said of it. */
export const NOT_SUBMITTED_GUARDS: readonly Guard[] = [
  guard('unsent: not a request that left', ROOM, 'left || own === undefined', 'own === undefined', [
    VERDICT,
    'if the request left',
  ]),
  guard('unsent: not a request that still runs', ROOM, 'left || own === undefined', 'left', [
    VERDICT,
    'another one that still runs',
  ]),
  guard('unsent: a request leaves once its connection is ready', ROOM, 'else socket.once(event, () => (seen.left = true));', '', [
    REQUESTS,
    'a certificate that the system asks for',
  ]),
  guard('unsent: a redirect or a repetition is another request', ROOM, '!request || others.length > 0', '!request', [
    VERDICT,
    'if there was another request',
  ]),
  guard('unsent: the error is that of the request', ROOM, 'error === own || retold(error, own)', 'own', [
    VERDICT,
    'if it is the error of another request',
  ]),
  guard('unsent: a client that counts its tries', ROOM, 'if (triedBefore(errors)) return undefined;', '', [
    VERDICT,
    'one before the last may have been accepted',
  ]),
  guard('unsent: every address has to refuse', ROOM, 'faults.every(', 'faults.some(', [VERDICT, 'one address that was reached']),
  guard('unsent: a stream of HTTP/2 may be the request', ROOM, 'if (streams) return undefined;', '', [
    GRPC,
    'says in the words of the client',
  ]),
  guard('unsent: a stream of HTTP/2 may be the request of undici', ROOM, 'if (streams && !request.http1) return undefined;', '', [
    VERDICT,
    'if a stream of HTTP/2 ended meanwhile',
  ]),
  guard('unsent: a repeated gRPC call', ROOM, 'repeated === undefined || repeated.length > 0', 'repeated === undefined', [
    VERDICT,
    'a call that was repeated',
  ]),
  guard('unsent: what is invalid may come from the answer', ROOM, 'if (!atOnce) continue;', '', [
    VERDICT,
    'only before anything could have been answered',
  ]),
  guard('unsent: at once is before the next turn', ROOM, 'setImmediate(() => (atOnce = false));', '', [
    REQUESTS,
    'a client that nobody can watch',
  ]),
  guard('unsent: a time-out of the AWS SDK without a code', ROOM, "error['code'] === undefined &&", '', [
    VERDICT,
    'a connection that broke, which has that name too',
  ]),
  guard('unsent: node-fetch tells of that very error', ROOM, ' && message.endsWith(` failed, reason: ${text}`)', '', [
    VERDICT,
    'with another text',
  ]),
  guard('unsent: calls at the same time', ROOM, 'calls.getStore() === requests', 'calls.getStore() !== undefined', [
    REQUESTS,
    'calls at the same time are told apart',
  ]),
  guard(
    'unsent: a refusal of the request itself',
    ROOM,
    'isMooringError(error) ? undefined : whyUnsent(error, seen)',
    'whyUnsent(error, seen)',
    [REQUESTS, 'passes unchanged'],
  ),
  guard('unsent: no header in an error', ROOM, '...(retryable && { cause: error })', 'cause: error', [
    REQUESTS,
    'without the header',
  ]),
  guard('unsent: the key was never seen', ROOM, 'newKey: false', 'newKey: true', [REQUESTS, 'with the same key']),
  guard('unsent: a refusal that keeps its key does not count', 'src/job', 'keepsKey(error) ? 0 : 1', '1', [
    ENDS,
    'that keeps its key does not count',
  ]),
];
