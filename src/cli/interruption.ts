/** The reason of an aborted signal when somebody asked the command to end. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** The exit code of the command. */
  readonly code: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.code = 128 + { SIGINT: 2, SIGTERM: 15 }[signal];
  }
}
