/** A guard: a line that an invariant or a rule of the model rests on, and the test that notices when it is gone. */

/** One guard. */
export interface Guard {
  /** `I…` an invariant of docs/design.md, `†` a rule that the model checker showed to be necessary. */
  name: string;
  /** Where it stands. */
  file: string;
  /** The text that is taken away, which is there exactly once, and what stands there then. */
  remove: { text: string; by: string };
  /** A test file, and a part of the full name of the tests that must fail. */
  test: { file: string; name: string };
  /** Without the guard the test goes on for ever, and is stopped. */
  hangs?: true;
}
