/** What was asked for cannot be done as things are. Nothing was changed. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code = 'refused';
}

/** What is true when a command that changes one job was interrupted. */
export const UNSURE = 'it may have been done: look (mooring show), then run it again if it was not';
