import type { JobRecord } from '../../index.ts';
import { pathOf } from '../address/name.ts';

/** A record for `--json`: all that operators may see of it, and the path that the commands take. */
export function reportOf(record: JobRecord): object {
  return { path: pathOf(record.scope), ...record };
}
