/** Somebody asked the command to end: the reason of its signal. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** What it ends with. */
  readonly code: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.code = 128 + { SIGINT: 2, SIGTERM: 15 }[signal];
  }
}
