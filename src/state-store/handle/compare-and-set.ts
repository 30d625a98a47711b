import type { CallOptions } from '../../async/deadline.ts';
import { VersionConflictError } from '../../model/errors/store.ts';
import type { Version } from '../../format/write-id.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { StoreCore } from '../internals.ts';
import type { CheckedKey, HandleParts } from './deps.ts';
import { serializeValue } from '../write/prepare-value.ts';
import { readValue } from '../read/read.ts';
import { write, type Draft, type Written } from '../write/write.ts';

/** What reads, and writes only over what it read. */

/** Each try fails only because another writer's succeeded; so many in a row mean that the key is a hot spot. */
const TRIES = 100;
/** Milliseconds. */
const FIRST_PAUSE = 4;
const LONGEST_PAUSE = 256;

/** The value, or the one that `create` makes, stored before it is returned. `create` runs at most once. */
export async function getOrSet(
  parts: HandleParts,
  key: CheckedKey,
  create: () => Promise<unknown>,
  retention: RetentionMs,
  call: CallOptions,
): Promise<unknown> {
  const { core, place } = parts;
  let made: { value: unknown; draft: Draft } | undefined;
  return untilDecided(core, { scope: place.scope, key: key.key }, call, async () => {
    const current = await readValue(parts, key, call);
    if (current) return { value: current.value };
    if (!made) {
      const value = await create();
      const serialized = serializeValue(core, { scope: place.scope, key: key.key }, value);
      made = { value, draft: { ...key, put: { value: serialized, retention }, expect: 'absent' } };
    }
    return decided(await write(parts, [made.draft], call), made.value);
  });
}

/** Compare-and-set, again until it succeeds. */
export async function update(
  parts: HandleParts,
  key: CheckedKey,
  change: (current: unknown) => unknown,
  retention: RetentionMs,
  call: CallOptions,
): Promise<unknown> {
  const { core, place } = parts;
  return untilDecided(core, { scope: place.scope, key: key.key }, call, async () => {
    const current = await readValue(parts, key, call);
    const next = change(current?.value);
    const expect = current?.entry.version ?? 'absent';
    if (next === undefined && !current) return { value: undefined };
    const put =
      next === undefined ? undefined : { value: serializeValue(core, { scope: place.scope, key: key.key }, next), retention };
    return decided(await write(parts, [{ ...key, ...(put && { put }), expect }], call), next);
  });
}

type Decided = { value: unknown } | { conflict: Version | 'absent' };

function decided(written: Written, value: unknown): Decided {
  if (written.kind === 'ok') return { value };
  // `old`: this handle's own later write was compared first, so this one was decided on something that is gone.
  return { conflict: written.kind === 'conflict' ? written.current : 'absent' };
}

async function untilDecided(
  core: StoreCore,
  where: { scope: HandleParts['place']['scope']; key: string },
  call: CallOptions,
  attempt: () => Promise<Decided>,
): Promise<unknown> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    if (tries === TRIES) throw new VersionConflictError(outcome.conflict, where);
    await core.clock.sleep(Math.min(FIRST_PAUSE * 2 ** tries, LONGEST_PAUSE) * core.random(), call.signal);
  }
}
