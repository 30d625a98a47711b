import type { AnyError } from './causes.ts';

/**
 * Errors that a request can only have before its connection is ready. `EPIPE`, `ECONNRESET`, "socket hang up" and `ECONNABORTED`
 * are none of them: they also end connections that have carried a request.
 */

/** By the system call that failed, as Node names it. */
const SYSCALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  connect: {
    ECONNREFUSED: 'the connection was refused',
    EHOSTUNREACH: 'there is no route to the host',
    EHOSTDOWN: 'the host is down',
    ENETUNREACH: 'there is no route to the network',
    ENETDOWN: 'the network is down',
    EADDRNOTAVAIL: 'no local address is available',
    ENOENT: 'the socket does not exist',
    ETIMEDOUT: 'no connection came about in time',
  },
  getaddrinfo: {
    ENOTFOUND: 'the host is unknown',
    EAI_AGAIN: 'the host could not be looked up',
    EAI_FAIL: 'the host could not be looked up',
    EAI_NODATA: 'the host has no address',
  },
};

/** Reasons of OpenSSL to refuse a certificate, which Node has as codes, and the name that does not fit. */
const CERTIFICATE =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|(?:CERT|CRL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED_CERT|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH)\w*)$/;
/** OpenSSL refused to go on. Node says so by the code of OpenSSL, or by `EPROTO` if the connection was its own. */
const HANDSHAKE = /^(?:EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/;
/** Phases of a request that got limits in time. */
const PHASES: readonly unknown[] = ['lookup', 'connect', 'secureConnect'];

/** What went wrong while a connection was made; `undefined`: something else, or nobody knows. All members of several have to tell. */
export function connectFault(error: AnyError): string | undefined {
  const { errors, code, syscall, event } = error;
  if (Array.isArray(errors)) {
    const faults = errors.map((one: AnyError) => connectFault(one));
    return faults.every((fault) => fault !== undefined) ? faults[0] : undefined;
  }
  if (typeof code !== 'string') return undefined;
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'no connection came about in time';
  if (code === 'ETIMEDOUT' && PHASES.includes(event)) return 'no connection came about in time';
  const known = typeof syscall === 'string' ? SYSCALLS[syscall]?.[code] : undefined;
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code)) return 'the certificate was refused';
  return HANDSHAKE.test(code) ? 'TLS was refused' : undefined;
}
