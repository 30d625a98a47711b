import { createHash } from 'node:crypto';
import { TIME } from '../lua/clock.ts';
import type { Script } from '../lua/script.ts';

/**
 * A script that runs another one for several scopes, one after the other, with one command. Each run has the keys, the arguments and
 * the answer that it would have alone, at the same time. If one fails, its error text stands for its answer, and the others run.
 *
 * - KEYS: those of the runs, equally many for each.
 * - ARGV: how many runs there are, how many arguments each has, then their arguments.
 * - Answer: for each run its own, or a text.
 */
export function batchOf({ sha, text }: Pick<Script, 'sha' | 'text'>): { sha: string; text: string } {
  const known = batches.get(sha);
  if (known) return known;
  const whole = `${TIME}\nlocal function run(KEYS, ARGV)\n${text.replace(TIME, '')}\nend\n${EACH}`;
  const made = { sha: createHash('sha1').update(whole).digest('hex'), text: whole };
  batches.set(sha, made);
  return made;
}

/** By the name of the script. There are as many as there are scripts. */
const batches = new Map<string, { sha: string; text: string }>();

const EACH = String.raw`
local runs, answers = tonumber(ARGV[1]), {}
local each, at = #KEYS / runs, 1 + runs
for one = 1, runs do
  local keys, args, size = {}, {}, tonumber(ARGV[1 + one])
  for place = 1, each do keys[place] = KEYS[(one - 1) * each + place] end
  for place = 1, size do args[place] = ARGV[at + place] end
  at = at + size
  local sound, found = pcall(run, keys, args)
  answers[one] = sound and found or type(found) == 'table' and found.err or tostring(found)
end
return answers`;
