import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The external system of these examples: a farm that transcodes videos. It is a service of its own, so it goes on when a worker
 * dies. It answers a token that it knows with the job that it made first.
 */

export interface Video {
  source: string;
  preset: 'hd' | 'sd';
}

export interface Farm {
  /** How many jobs it has made. */
  accepted(): number;
  /** How often it was asked how a job is. */
  asked(): number;
  close(): void;
}

interface FarmJob {
  id: string;
  video: Video;
  doneAt: number;
}

/** Starts the farm, and tells this process and its children where it is. */
export async function startFarm(secondsPerVideo: number): Promise<Farm> {
  const byToken = new Map<string, FarmJob>();
  let asked = 0;
  const server = createServer((request, response) => {
    const answer = (body: object): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    if (request.method === 'GET') {
      asked += 1;
      const job = [...byToken.values()].find(({ id }) => request.url === `/jobs/${id}`);
      answer(
        job ? { done: Date.now() >= job.doneAt, url: `https://farm.example/${job.video.source}.${job.video.preset}.mp4` } : {},
      );
      return;
    }
    let text = '';
    request.setEncoding('utf8').on('data', (more: string) => (text += more));
    request.on('end', () => {
      const { token, video, webhook } = JSON.parse(text) as { token: string; video: Video; webhook?: string };
      const known = byToken.get(token);
      const job = known ?? { id: `job-${byToken.size + 1}`, video, doneAt: Date.now() + secondsPerVideo * 1_000 };
      byToken.set(token, job);
      console.log(known ? `farm: knows that token, it is ${job.id}` : `farm: accepted ${video.source} as ${job.id}`);
      answer({ id: job.id });
      const call = (): void =>
        void fetch(String(webhook), { method: 'POST', body: JSON.stringify({ id: job.id, state: 'done' }) });
      if (!known && webhook !== undefined) setTimeout(call, job.doneAt - Date.now() + 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['FARM_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { accepted: () => byToken.size, asked: () => asked, close };
}

/** The client of the farm. */
export const farm = {
  async submit(video: Video, { token, webhook }: { token: string; webhook?: string }): Promise<string> {
    const body = JSON.stringify({ token, video, webhook });
    const { id } = await call<{ id: string }>('/jobs', { method: 'POST', body });
    return id;
  },
  async status(id: string): Promise<{ state: 'active' } | { state: 'succeeded' } | { state: 'missing' }> {
    const { done } = await call<{ done?: boolean }>(`/jobs/${id}`);
    if (done === undefined) return { state: 'missing' };
    return { state: done ? 'succeeded' : 'active' };
  },
  async output(id: string): Promise<string> {
    const { url } = await call<{ url: string }>(`/jobs/${id}`);
    return url;
  },
};

async function call<Answer>(path: string, request: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${process.env['FARM_URL']}${path}`, request);
  if (!response.ok) throw new Error(`the farm answered ${response.status}`);
  return (await response.json()) as Answer;
}
