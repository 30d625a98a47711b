/** The batch service's client, as its makers would publish it: it knows nothing of Mooring. */
import type { Status, SystemKind } from './job.ts';

/** Calls one kind of external system. */
export interface BatchClient {
  /** `expires`: in milliseconds since the epoch; a request that arrives later is refused. */
  submit(
    job: { name: string; command: readonly string[]; token?: string; expires?: number },
    signal?: AbortSignal,
  ): Promise<string>;
  /** The newest job with the token. */
  find(token: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Nothing where the service does not know the job. */
  status(id: string, signal?: AbortSignal): Promise<Status | undefined>;
  output(id: string, signal?: AbortSignal): Promise<string>;
  cancel(id: string, signal?: AbortSignal): Promise<void>;
}

/** Makes a client for the service at `url`. */
export function batchClient(url: string, kind: SystemKind): BatchClient {
  const call = async (method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<Response> => {
    const response = await fetch(`${url}/${kind}/jobs${path}`, {
      method,
      ...(signal && { signal }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok && response.status !== 404) {
      const error = new Error(`the batch service answered ${response.status}: ${await response.text()}`);
      throw Object.assign(error, { status: response.status });
    }
    return response;
  };
  return {
    async submit(job, signal) {
      const response = await call('POST', '', signal, job);
      return ((await response.json()) as { id: string }).id;
    },
    async find(token, signal) {
      const response = await call('GET', `?token=${encodeURIComponent(token)}`, signal);
      return ((await response.json()) as { ids: string[] }).ids[0];
    },
    async status(id, signal) {
      const response = await call('GET', `/${id}`, signal);
      const body = (await response.json()) as Status;
      return response.ok ? body : undefined;
    },
    async output(id, signal) {
      const response = await call('GET', `/${id}/output`, signal);
      if (!response.ok) throw new Error(`the batch service has no job ${id}`);
      return (await response.json()) as string;
    },
    async cancel(id, signal) {
      await (await call('DELETE', `/${id}`, signal)).arrayBuffer();
    },
  };
}
