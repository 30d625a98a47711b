/** The command line is invalid: the command ends with 2 and a hint. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
