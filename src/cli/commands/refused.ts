/** What was asked for cannot be done as things are. Nothing was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code = 'refused';
}
