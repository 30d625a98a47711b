/** How a command ends. */

/** How the command ends. One that a signal interrupted ends with 128 and the number of the signal. */
export const EXIT: Readonly<Record<'ok' | 'failed' | 'usage', number>> = {
  ok: 0,
  /** It failed, or it found what is wrong. */
  failed: 1,
  /** What was typed, or the configuration, is invalid. */
  usage: 2,
};

/** What a command did or found. */
export interface CommandOutcome {
  readonly code: number;
  /** For `--json`: the properties in addition to the name of the command. */
  readonly report: object;
  /** The same for people. */
  readonly lines: readonly string[];
  /** Notes for people, in addition to the result. */
  readonly notes?: readonly string[];
}
