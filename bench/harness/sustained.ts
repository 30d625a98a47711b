import { performance } from 'node:perf_hooks';
import type { Role, Side } from './bench.ts';
import type { Figures } from './figures.ts';

/** Milliseconds for each second asked for: a machine that is busy with other things gets more time for the same work. */
const LONGEST = 5_000;

/** An operation, repeated for some time by so many callers; each begins the next when its last one is done. */
export interface Sustained {
  readonly lanes: number;
  /** @defaultValue 0.4 */
  readonly seconds?: number | undefined;
  /** CPU of the server in microseconds, as of now. */
  readonly serverCpu?: () => Promise<number>;
}

/** Operations per second, and CPU per operation of this process and of the server. `n` counts all calls, from 0. */
export async function sustained(operation: (n: number) => Promise<unknown>, options: Sustained): Promise<Figures> {
  const { lanes, seconds = 0.4, serverCpu } = options;
  let begun = 0;
  const serverBefore = await serverCpu?.();
  const before = process.cpuUsage();
  const start = performance.now();
  let end = start + seconds * 1_000;
  const goesOn = (): boolean => {
    const now = performance.now();
    if (now < end) return true;
    const { user, system } = process.cpuUsage(before);
    if (user + system > seconds * 0.5e6 || now > start + seconds * LONGEST) return false;
    end = now + 10;
    return true;
  };
  const lane = async (): Promise<void> => {
    do await operation(begun++);
    while (goesOn());
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const figures = { rate: (begun / elapsed) * 1_000, client: (user + system) / begun };
  if (!serverCpu || serverBefore === undefined) return figures;
  return { ...figures, server: ((await serverCpu()) - serverBefore) / begun };
}

/** An operation of one side. */
export interface Operation {
  readonly label: string;
  readonly role: Role;
  run(n: number): Promise<unknown>;
}

/** Sides that each repeat their operation. */
export function sustainedSides(operations: readonly Operation[], options: Sustained): Side[] {
  return operations.map(({ label, role, run }) => ({ label, role, measure: () => sustained(run, options) }));
}
