import type { BoardError, BoardEvents } from '../src/board/wire.js';

/** The way to the server. The token goes in a header: no address that is sent holds it. */

type Hear = { [Name in keyof BoardEvents]: (event: BoardEvents[Name]) => void };

const TOKEN = 'mooring-token';
const PAUSES = [1_000, 2_000, 5_000];
/** The server says at least every 15 seconds, and after every look, that it is there. */
const SILENCE = 60_000;

/** Takes the token out of the address, so that nobody copies it by accident. It is kept for this tab alone. */
export function takeToken(): void {
  const given = /^#([\w-]{32,})$/.exec(location.hash)?.[1];
  if (given === undefined) return;
  sessionStorage.setItem(TOKEN, given);
  history.replaceState(null, '', location.pathname);
}

function post(name: string, body: object | undefined, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { 'x-mooring-board': sessionStorage.getItem(TOKEN) ?? 'page' };
  if (body) headers['content-type'] = 'application/json';
  return fetch(name, { method: 'POST', headers, signal, ...(body && { body: JSON.stringify(body) }) });
}

/** A refusal, with what the server says of it. */
class Refused extends Error {
  readonly code: string;
  constructor({ code, message }: BoardError['error']) {
    super(message);
    this.code = code;
  }
}

/** Asks for something, or asks to change something. */
export async function ask<Answer>(name: string, body: object): Promise<Answer> {
  const response = await post(`${name}.json`, body, AbortSignal.timeout(45_000));
  const said = (await response.json().catch(() => undefined)) as Answer | BoardError | undefined;
  if (said === undefined) throw new Refused({ code: 'board.failed', message: `the server answered ${response.status}` });
  if (!response.ok) throw new Refused((said as BoardError).error);
  return said as Answer;
}

/** Listens for ever. `lost` hears why nothing comes, each time that the way is lost. */
export async function listen(hear: Hear, lost: (reason: string) => void): Promise<never> {
  for (let tries = 0; ; tries += 1) {
    try {
      await listenOnce(hear, () => {
        tries = 0;
      });
      lost('The board has ended, or it was started again.');
    } catch (error) {
      lost(error instanceof Refused ? sentence(error.message) : 'The board does not answer.');
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(tries, PAUSES.length - 1)]));
  }
}

/** A message as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!\]]$/.test(text) ? '' : '.'}`;
}

async function listenOnce(hear: Hear, begun: () => void): Promise<void> {
  const silence = new AbortController();
  let alarm = setTimeout(() => silence.abort(), SILENCE);
  try {
    const response = await post('events.stream', undefined, silence.signal);
    if (!response.ok || !response.body) throw new Refused(((await response.json()) as BoardError).error);
    begun();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(alarm);
      alarm = setTimeout(() => silence.abort(), SILENCE);
      rest += value;
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        dispatch(rest.slice(0, end), hear);
        rest = rest.slice(end + 2);
      }
    }
  } finally {
    clearTimeout(alarm);
    silence.abort();
  }
}

/** A block is `event: <name>`, a line break, `data: <JSON>`. A comment is none. */
function dispatch(block: string, hear: Hear): void {
  const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
  if (name !== undefined && data !== undefined && Object.hasOwn(hear, name)) {
    (hear[name as keyof Hear] as (event: unknown) => void)(JSON.parse(data));
  }
}
