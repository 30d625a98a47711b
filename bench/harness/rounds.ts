import type { Comparison, Role, Side } from './bench.ts';
import { METRICS, pairedRatio, summary, type Figures, type MetricName, type Summary } from './figures.ts';

/** One figure of one side. */
export interface Measured extends Summary {
  readonly metric: MetricName;
  /** To the same figure of each other side, by its label. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** One side of a comparison, with all that was measured of it. */
export interface MeasuredSide {
  readonly label: string;
  readonly role: Role;
  readonly figures: readonly Measured[];
}

/** A comparison, measured. */
export interface Result {
  readonly name: string;
  readonly sides: readonly MeasuredSide[];
}

/** Measures all sides in each round, in an order that is drawn anew; the first round warms up and does not count. */
export async function measureInTurns({ name, sides, exact = false }: Comparison, rounds: number): Promise<Result> {
  const taken = new Map<Side, Figures[]>(sides.map((side) => [side, []]));
  for (let round = exact ? 1 : 0; round <= (exact ? 1 : rounds); round += 1) {
    for (const side of shuffled(sides)) {
      const figures = await side.measure();
      if (round > 0) taken.get(side)?.push(figures);
    }
  }
  return {
    name,
    sides: sides.map((side) => ({ label: side.label, role: side.role, figures: figuresOf(side, taken) })),
  };
}

function figuresOf(side: Side, taken: ReadonlyMap<Side, readonly Figures[]>): Measured[] {
  const rounds = taken.get(side) ?? [];
  const values = (figures: readonly Figures[], metric: MetricName): number[] => figures.map((of) => of[metric] ?? Number.NaN);
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => rounds[0]?.[name] !== undefined);
  return names.map((metric) => {
    const ratios = [...taken]
      .filter(([other]) => other !== side)
      .map(([other, theirs]) => [other.label, pairedRatio(values(rounds, metric), values(theirs, metric))] as const)
      .filter(([, ratio]) => Number.isFinite(ratio));
    return { metric, ...summary(values(rounds, metric)), ratios: Object.fromEntries(ratios) };
  });
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
