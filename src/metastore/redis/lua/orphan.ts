import { JOB_RANK } from '../../../format/jobs/members.ts';
import { FENCE_KEPT } from '../../lifetimes.ts';
import { enter } from './jobs/moves.ts';
import { keep, putField } from './scope.ts';

/** Lists an external job that no record holds. Its arguments are names of Lua. */
export function orphan(name: string, digest: string, json: string): string {
  const listed = `${name} .. ':' .. ${digest}`;
  return String.raw`
do
  local kept = now + ${FENCE_KEPT}
  if redis.call('HEXISTS', KEY, 'o:' .. ${listed}) == 0 then
    ${putField(`'o:' .. ${listed}`, `instant .. ' ' .. ${json}`)}
    ${enter(listed, String(JOB_RANK.orphan), 'now')}
  end
  ${keep('kept')}
end`;
}
