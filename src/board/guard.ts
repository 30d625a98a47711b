import { createHash, timingSafeEqual } from 'node:crypto';
import type { Incoming } from '../job/callback/answer.ts';

/** Who may ask: whom the browser speaks to, for which page it speaks, and whether it knows the token. */

/** The header of every request for data. A page of another origin cannot send it. */
const BOARD_HEADER = 'x-mooring-board';

/** Why a request is refused. Nothing tells one wrong token from another. */
export type BoardRefusal = 'host' | 'origin' | 'header' | 'token';

/** What a request is held against. */
export interface GuardParts {
  /** Where the board is reached: `http://127.0.0.1:4000`. `undefined`: wherever the request came to. */
  readonly origins: readonly string[] | undefined;
  readonly token: string | undefined;
}

/** Checks where a request came to, and from which page it comes. */
export function checkPlace({ origins }: GuardParts, request: Incoming): BoardRefusal | undefined {
  const host = hostOf(request);
  const hosts = origins?.map((one) => new URL(one).host);
  if (host === undefined || (hosts && !hosts.includes(host))) return 'host';
  const origin = request.header('origin');
  if (origin === undefined) return undefined;
  const own = origins ? origins.includes(origin) : URL.canParse(origin) && new URL(origin).host === host;
  return own ? undefined : 'origin';
}

/** Checks a request for data. */
export function checkCaller({ token }: GuardParts, request: Incoming): BoardRefusal | undefined {
  const site = request.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return 'origin';
  const given = request.header(BOARD_HEADER);
  if (given === undefined) return 'header';
  return token === undefined || same(given, token) ? undefined : 'token';
}

/** In lower case, with its port unless that is the scheme's own. A request of the web names it in its URL, and HTTP/2 in a header. */
function hostOf(request: Incoming): string | undefined {
  const named = request.header('host');
  if (named === undefined && URL.canParse(request.url)) return new URL(request.url).host;
  return hostIn(named ?? request.header(':authority'));
}

function hostIn(named: string | undefined): string | undefined {
  return named !== undefined && URL.canParse(`http://${named}`) ? new URL(`http://${named}`).host : undefined;
}

/** In a time that does not tell where they differ. */
function same(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(left, right);
}
