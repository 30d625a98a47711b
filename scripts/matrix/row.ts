/** A row of the matrix: one server or runtime, and the tests that run on it. */
import type { Counts } from '../jest.ts';

/** A row. */
export interface Row {
  /** As people call it: `Valkey 9`. */
  readonly name: string;
  /**
   * Provides the server or the runtime, and runs the tests.
   *
   * @throws Error whose text says why the row cannot be run here.
   */
  run(): Promise<Result>;
}

/** What came of a row. */
export interface Result extends Counts {
  /** As the server or the runtime says it. */
  version: string;
  /**
   * Tests that failed for what the row knows of the server. They are not among those that failed.
   * @defaultValue 0
   */
  known?: number;
  /**
   * What does not work there, in a few words.
   * @defaultValue none
   */
  note?: string;
}

/** The same with its name, for the table. */
export interface Report extends Result {
  name: string;
  /** Why it could not be run. */
  missing?: string;
  seconds: number;
}
