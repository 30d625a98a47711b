/** What was seen of one call, by whoever watched it. */

/** An HTTP request that began during the call. */
export interface SeenRequest {
  /** Whether any of it may have left this machine. */
  left: boolean;
  /** Whether it goes over HTTP/1 for sure, and so over no stream of HTTP/2. */
  readonly http1: boolean;
  /** The error that ended it. A request without one is not over. */
  error?: unknown;
}

/** Everything that was seen of one call. */
export interface Seen {
  /** HTTP requests, in the order in which they began. */
  readonly requests: readonly SeenRequest[];
  /** Whether a stream of HTTP/2 ended in this process meanwhile, whoever began it. */
  readonly streams: boolean;
  /** Whether the call failed before the process could take in anything from outside. */
  readonly atOnce: boolean;
}

/** Requests of one call, by the object that Node or undici has for each. */
export type Requests = Map<object, SeenRequest>;

/** What listens to diagnostics channels, by their names. */
export type Channels = Readonly<Record<string, (message: unknown) => void>>;
