import type { CallOptions } from '../../async/deadline.ts';
import { VersionConflictError } from '../../model/errors/store.ts';
import type { Version } from '../../format/write-id.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { HandleDeps } from './deps.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import { serializeValue } from '../write/prepare-value.ts';
import { readValue } from '../read/read.ts';
import { write, type Draft } from '../write/write.ts';

/** Operations that read, and write only over what they read. */

/** Each try fails only because another writer's succeeded; so many in a row mean that the key is a hot spot. */
const TRIES = 100;
/** Milliseconds. */
const FIRST_PAUSE = 4;
const LONGEST_PAUSE = 256;

/** The value, or the one that `create` makes, stored before it is returned. `create` runs at most once. */
export async function getOrSet(
  deps: HandleDeps,
  address: ValueAddress,
  create: () => Promise<unknown>,
  retention: RetentionMs,
  call: CallOptions,
): Promise<unknown> {
  let made: { value: unknown; draft: Draft } | undefined;
  return untilDecided(deps, address, call, async () => {
    const current = await readValue(deps, address, call);
    if (current) return { value: current.value };
    if (!made) {
      const value = await create();
      const put = { value: serializeValue(deps.core, address, value), retention };
      made = { value, draft: { address, put, expect: 'absent' } };
    }
    return decided(deps, made.draft, made.value, call);
  });
}

/** Compare-and-set, again until it succeeds. */
export async function update(
  deps: HandleDeps,
  address: ValueAddress,
  change: (current: unknown) => unknown,
  retention: RetentionMs,
  call: CallOptions,
): Promise<unknown> {
  return untilDecided(deps, address, call, async () => {
    const current = await readValue(deps, address, call);
    const next = change(current?.value);
    if (next === undefined && !current) return { value: undefined };
    const put = next === undefined ? undefined : { value: serializeValue(deps.core, address, next), retention };
    return decided(deps, { address, put, expect: current?.entry.version ?? 'absent' }, next, call);
  });
}

type Decided = { value: unknown } | { conflict: Version | 'absent' };

async function decided(deps: HandleDeps, draft: Draft, value: unknown, call: CallOptions): Promise<Decided> {
  const written = await write(deps, [draft], call);
  if (written.kind === 'ok') return { value };
  // `old`: a later write of this handle was compared first, so this one rests on a version that is gone.
  return { conflict: written.kind === 'conflict' ? written.current : 'absent' };
}

async function untilDecided(
  { core }: HandleDeps,
  address: ValueAddress,
  call: CallOptions,
  attempt: () => Promise<Decided>,
): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    if (tries === TRIES) throw new VersionConflictError(outcome.conflict, address);
    await core.clock.sleep(Math.min(FIRST_PAUSE * 2 ** tries, LONGEST_PAUSE) * core.random(), call.signal);
  }
}
