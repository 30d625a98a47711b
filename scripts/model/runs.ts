/** The runs of the model, as model/runs.txt has them: what is expected, a bar, and the words of the run. */

/** One run. */
export interface ModelRun {
  /** The promises that it breaks; none if all hold. */
  readonly expected: readonly string[];
  readonly words: readonly string[];
}

/** What the program of the model prints: names as its Go has them. */
export interface Explored {
  readonly States: number;
  readonly Complete: boolean;
  /** The shortest way to each broken promise. */
  readonly Traces: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads the file. Lines that are empty or begin with `#` say nothing.
 *
 * @throws Error with the number of a line that cannot be read.
 */
export function parseRuns(text: string): ModelRun[] {
  return text.split('\n').flatMap((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [expected = [], words, ...more] = line.split('|').map((part) => part.trim().split(/\s+/));
    if (words === undefined || more.length > 0 || !expected[0]) {
      throw new Error(`model/runs.txt:${at + 1}: a run is what it breaks, a bar, and its words`);
    }
    return [{ expected: expected[0] === 'holds' ? [] : expected, words }];
  });
}

/** How a run differs from what is expected. A run that is cut off proves nothing, even if what it found is expected. */
export function faultsOf({ expected }: ModelRun, { Complete, Traces }: Explored): string[] {
  const broken = Object.keys(Traces);
  return [
    ...(Complete ? [] : ['too large: not every state was explored']),
    ...broken.filter((promise) => !expected.includes(promise)).map((promise) => `breaks ${promise}`),
    ...expected.filter((promise) => !broken.includes(promise)).map((promise) => `does not break ${promise}`),
  ];
}
