/** What a metastore says of the servers behind it. */

/** What a server of the metastore says of itself; each `undefined` if it may not be asked. */
export interface ServerFacts {
  /** Its name: Redis, Valkey or Redict. */
  product: string;
  /** The product's own version, not that of the Redis which it says to be. */
  version: string | undefined;
  /** What it does when its memory is full. */
  evictionPolicy: string | undefined;
  persistence: { appendOnlyFile: boolean; snapshots: boolean | undefined; failing: boolean } | undefined;
  /** Replicas that follow it now. */
  replicas: number | undefined;
}

/** What `doctor()` looks at. */
export interface MetastoreFacts {
  /** Each server that takes writes; none if state is kept in this process. */
  servers: readonly ServerFacts[];
  /** The server's clock, in milliseconds, asked now. */
  now: number;
}
