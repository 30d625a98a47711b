/** What the crash harness asks of a runtime, in addition to what every harness does. */
import type { CellRuntime } from '../../drill/harness/runtime.ts';
import type { Setting } from './messages.ts';

/** The runtimes that there are. */
export const RUNTIMES = ['bullmq', 'temporal'] as const;

/** The name of one. */
export type RuntimeName = (typeof RUNTIMES)[number];

/** A runtime. */
export interface CrashRuntime extends CellRuntime {
  readonly name: RuntimeName;
  /** The file of its worker processes. */
  readonly worker: URL;
  /** What its workers are told in addition to what all are told. */
  readonly setting: Pick<Setting, 'temporal'>;
  /** Called after a namespace's first use: jobs from now on must look like those of a namespace that has long been in use. */
  aged(redisPort: number): Promise<void>;
}
