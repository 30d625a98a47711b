/**
 * A small batch service, as a cluster or a cloud has one. It accepts a command over HTTP, runs it, and answers how it is. Three
 * kinds of it under one roof: `/keyed` knows a client token again, which the header `Idempotency-Key` may bring instead of the
 * body; `/findable` can be searched by token, `/plain` does neither.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emit } from './events.ts';
import { SYSTEM_KINDS, type SystemKind } from './job.ts';
import { openJobs, type Jobs } from './jobs.ts';

/** How often progress is looked at, in milliseconds. */
const LOOK_EVERY = 100;
/** So long after its caller died a held request still reaches us, in milliseconds. */
const LATE = 300;

/**
 * What goes wrong with the next submit of a name: the request is held before it is accepted, or the reply after. A held
 * request, once its caller is gone, is accepted late (it was on its way) or never. Or it is refused with a status.
 */
export type Fault = { hold: 'request'; afterwards: 'accept' | 'drop' } | { hold: 'reply' } | { hold: 'nothing'; answer: number };

/** A running service. */
export interface BatchService {
  readonly url: string;
  /** Stops answering. Jobs go on, unless told otherwise. */
  close(options?: { cancelJobs?: boolean }): Promise<void>;
}

interface Answer {
  status: number;
  body: unknown;
}

interface State {
  jobs: Jobs;
  faults: Map<string, Fault>;
  requests: Map<string, number>;
  emit: Emit;
}

/** Starts the service on a free port of 127.0.0.1. `findLag` in milliseconds. */
export async function startBatchService(options: { directory: string; findLag?: number; emit?: Emit }): Promise<BatchService> {
  const emit = options.emit ?? (() => {});
  const jobs = await openJobs(options.directory, options.findLag ?? 0, emit);
  const state: State = { jobs, faults: new Map(), requests: new Map(), emit };
  const server = createServer((request, response) => {
    answer(state, request, response).then(
      (sent) => sent && reply(response, sent),
      (error: unknown) => reply(response, { status: 500, body: { error: (error as Error).message } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  emit({ event: 'listening', port });
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= jobs.look().finally(() => (looking = undefined));
  }, LOOK_EVERY);
  return {
    url: `http://127.0.0.1:${port}`,
    async close({ cancelJobs = false } = {}) {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await looking;
      if (cancelJobs) jobs.killAll();
    },
  };
}

/** The answer; nothing where the caller is never to get one. */
async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, root, second, id, rest] = pathname.split('/').map(decodeURIComponent);
  if (root === 'faults' && request.method === 'PUT') {
    state.faults.set(second ?? '', (await json(request)) as Fault);
    return { status: 204, body: undefined };
  }
  if (root === 'submissions') {
    const name = second ?? '';
    const [submissions, running] = [state.jobs.accepted(name), await state.jobs.running(name)];
    return { status: 200, body: { submissions, running, requests: state.requests.get(name) ?? 0 } };
  }
  const kind = SYSTEM_KINDS.find((one) => one === root);
  if (kind === undefined || second !== 'jobs') return { status: 404, body: { error: 'no such path' } };
  if (id === undefined && request.method === 'POST') return submit(state, kind, request, response);
  if (id === undefined) return search(state.jobs, kind, searchParams.get('token') ?? '');
  return inspect(state.jobs, kind, id, request.method === 'DELETE' ? 'cancel' : rest);
}

async function submit(
  state: State,
  kind: SystemKind,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | undefined> {
  const wanted = (await json(request)) as { name: string; command: string[]; token?: string; expires?: number };
  const { name, command, expires = Infinity } = wanted;
  const token = wanted.token ?? request.headers['idempotency-key']?.toString();
  if (typeof name !== 'string' || !Array.isArray(command) || command.length === 0) {
    return { status: 400, body: { error: 'name and command are needed' } };
  }
  if (Date.now() > expires) return { status: 410, body: { error: 'the request has expired' } };
  state.requests.set(name, (state.requests.get(name) ?? 0) + 1);
  const fault = state.faults.get(name);
  state.faults.delete(name);
  if (fault?.hold === 'nothing') return { status: fault.answer, body: { error: 'not now' } };
  const accept = (): Promise<{ id: string; created: boolean }> => state.jobs.accept({ kind, name, token, command });
  if (fault?.hold === 'request') {
    await held(state, 'request', name, response);
    if (fault.afterwards === 'drop') return undefined;
    await new Promise((resolve) => setTimeout(resolve, LATE));
  }
  const { id, created } = await accept();
  if (fault?.hold === 'reply') await held(state, 'reply', name, response);
  return fault === undefined ? { status: created ? 201 : 200, body: { id } } : undefined;
}

/** Waits until the caller is gone. */
function held(state: State, what: 'request' | 'reply', name: string, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    state.emit({ event: 'held', what, name });
  });
}

function search(jobs: Jobs, kind: SystemKind, token: string): Answer {
  if (kind !== 'findable') return { status: 405, body: { error: `${kind} jobs cannot be searched` } };
  return { status: 200, body: { ids: jobs.find(token) } };
}

async function inspect(jobs: Jobs, kind: SystemKind, id: string, what: string | undefined): Promise<Answer> {
  const body =
    what === 'cancel'
      ? (await jobs.cancel(kind, id)) || undefined
      : what === 'output'
        ? await jobs.output(kind, id)
        : await jobs.status(kind, id);
  return body === undefined ? { status: 404, body: { error: `no job ${id}` } } : { status: 200, body };
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function json(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return text === '' ? {} : JSON.parse(text);
}
