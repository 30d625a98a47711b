/** The code of an error of the system, such as `ENOENT` or `ECONNRESET`; `undefined` for any other error. */
export function systemCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
}
