import { fieldOf, type AnyError } from './causes.ts';

/**
 * Clients that try again report the last try only, and the first one may have been accepted. They count, in fields that they
 * document. The requests of a call are watched too; the counters are for a client that makes them in a queue of its own.
 */
const COUNTERS: readonly ((error: AnyError) => unknown)[] = [
  // AWS SDK: tries in all. https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-types/Interface/ResponseMetadata/
  (error) => Number(fieldOf(error, '$metadata', 'attempts')) > 1,
  // got: repetitions. https://github.com/sindresorhus/got/blob/main/documentation/3-streams.md
  (error) => fieldOf(error, 'request', 'retryCount'),
  // axios-retry: repetitions. https://github.com/softonic/axios-retry
  (error) => fieldOf(error, 'config', 'axios-retry', 'retryCount'),
  // gaxios: repetitions. https://github.com/googleapis/gaxios
  (error) => fieldOf(error, 'config', 'retryConfig', 'currentRetryAttempt'),
];

/** Whether a client says that there was another request before the one that failed. */
export function triedBefore(errors: readonly AnyError[]): boolean {
  return errors.some((error) => COUNTERS.some((counter) => Boolean(counter(error))));
}
