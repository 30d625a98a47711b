import type { OwnRedis } from './packages.ts';

/**
 * Why a client of ioredis has no connection, as far as its events and its socket tell. Every text is one of those below: errors of
 * ioredis hold the arguments of their command, even those of AUTH.
 */

/** What each code means, of the system, of TLS, and of Redis. */
const MEANINGS: readonly (readonly [codes: RegExp, meaning: string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens at the address of Redis'],
  [/^(?:ENOTFOUND|EAI_AGAIN|EAI_NODATA)$/, 'the host of Redis has no address that can be found'],
  [/^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'the address of Redis cannot be reached'],
  [/^EPROTO$|^ERR_SSL_/, 'the server speaks no TLS, or another version of it: redis:// is without TLS'],
  [
    /CERT|^UNABLE_TO_|^ERR_TLS_/,
    'the certificate of the server is not trusted: redisOptions takes tls, with a ca and a servername',
  ],
  [/^CLOSED$/, 'the address of Redis takes no connection, or closes it before it answers: is the server there, and is it TLS?'],
  [/^CLUSTERDISABLED$/, 'the server is no Cluster: redis:// is for a single server'],
  [/^WRONGPASS$/, 'the server refuses the user or the password'],
  [/^NOAUTH$/, 'the server asks for a password'],
  [/^NOPERM$/, 'the user may not do what the client begins with'],
  [/^LOADING$/, 'the server loads its data'],
  [/^MASTERDOWN$/, 'the server is a replica whose master is down'],
  [/^CLUSTERDOWN$/, 'the Cluster is down'],
];
const CLOSED = {
  plain: 'the server closes the connection before it answers: it may speak TLS only, which is rediss://',
  tls: 'the server closes the connection before it answers: it may speak no TLS, which is redis://, or ask for a certificate',
};
const UNANSWERED = 'the server does not answer the TLS handshake: it may speak no TLS, which is redis://';

/** A code for what an error of the client means, safe to show; `undefined` if it says nothing that is known. */
export function codeOf(error: unknown): string | undefined {
  const { code, message = '', lastNodeError } = error as Partial<Error> & { code?: string; lastNodeError?: unknown };
  if (lastNodeError !== undefined && lastNodeError !== null) return codeOf(lastNodeError);
  if (message.includes('cluster support disabled')) return 'CLUSTERDISABLED';
  // All that a Cluster tells of a node without a connection.
  if (message === 'Connection is closed.') return 'CLOSED';
  return code ?? /^[A-Z]{4,}\b/.exec(message)?.[0];
}

/** Watches a client. What it returns says why the client has no connection; nothing if it has one, or if nothing is known. */
export function watchFailures(client: OwnRedis, tls: boolean): () => string | undefined {
  let failure: string | undefined;
  let opened = false;
  const note = (error: unknown): void => {
    const code = codeOf(error);
    const meaning = code === undefined ? undefined : MEANINGS.find(([codes]) => codes.test(code))?.[1];
    if (meaning !== undefined) failure = `${meaning} [${code}]`;
  };
  client.on('error', note);
  // Of a Cluster: one for each node that could not be asked.
  client.on('node error', note);
  client.on('ready', () => {
    opened = true;
    failure = undefined;
  });
  client.on('close', () => {
    if (!opened) failure ??= CLOSED[tls ? 'tls' : 'plain'];
    opened = false;
  });
  return () => failure ?? (tls && isUnanswered(client) ? UNANSWERED : undefined);
}

/** Whether a connection is there, and its TLS handshake is not over. */
function isUnanswered({ status, stream }: OwnRedis): boolean {
  return status === 'connecting' && stream?.connecting === false;
}
