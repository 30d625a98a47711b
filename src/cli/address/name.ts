import { DEFAULT_EXTERNAL_ID_KEY, scopePath } from '../../format/path.ts';
import { queueJobOf } from '../../format/queue-job.ts';
import type { TaskScope } from '../../model/scope.ts';

/** How a job is named to people: in words that the command takes back, unchanged. */

/** The parts of a Temporal activity's scope; `undefined` for another scope, and for one that activities share. */
export function activityOf(
  scope: TaskScope,
): { namespace: string; workflow: string; run: string; type: string; activity: string } | undefined {
  const [namespace, workflowType] = partsOf(scope.flow);
  const [workflow, run, ...more] = partsOf(scope.run);
  const [type, activity, since] = partsOf(scope.task);
  const whole =
    workflowType !== undefined && run !== undefined && more.length === 0 && since !== undefined && /^\d+$/.test(since);
  if (!whole || namespace === undefined || workflow === undefined || type === undefined || activity === undefined)
    return undefined;
  return { namespace, workflow, run, type, activity };
}

/** The parts of a name that the Temporal adapter joined. */
export function partsOf(text: string): string[] {
  return text.split('/').map((part) => part.replace(/%2F|%25/g, decodeURIComponent));
}

/** Whether a scope is that of a mapped item. */
export function isItem({ mapIndex, itemKey }: TaskScope): boolean {
  return mapIndex !== undefined || itemKey !== undefined;
}

/** The words that name a record: the shortest that leave no doubt of the kind, else its path. Without a key they name its scope. */
export function nameOf(scope: TaskScope, key?: string): string {
  const item = isItem(scope);
  const job = item ? undefined : queueJobOf(scope);
  if (job) return typed([job.queue, job.id], { ...(job.prefix !== 'bull' && { prefix: job.prefix }), ...keyOf(key) });
  const activity = item ? undefined : activityOf(scope);
  if (activity) return typed([], { workflow: activity.workflow, activity: activity.activity, ...keyOf(key) });
  return pathOf(scope, key);
}

/** The path that names a record, and no other. Without a key it names the scope. */
export function pathOf(scope: TaskScope, key?: string): string {
  return typed([scopePath(scope).replace(/\/-1$/, '')], keyOf(key));
}

function keyOf(key: string | undefined): { key?: string } {
  return key === undefined || key === DEFAULT_EXTERNAL_ID_KEY ? {} : { key };
}

/** Words and flags as they are typed. What begins with a dash must not be read as a flag. */
function typed(words: readonly string[], flags: Readonly<Record<string, string>>): string {
  const given = Object.entries(flags).map(([flag, value]) => `--${flag}${value.startsWith('-') ? '=' : ' '}${shellWord(value)}`);
  const texts = words.map(shellWord);
  return (words.some((word) => word.startsWith('-')) ? [...given, '--', ...texts] : [...texts, ...given]).join(' ');
}

/** A word as a shell takes it. Control characters would move the terminal's cursor: bash and zsh read them back from this form. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // oxlint-disable-next-line no-control-regex -- these are the ones that are replaced
  if (!/[\u0000-\u001F\u007F-\u009F]/.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `$'${escaped.replace(/[\u007F-\u009F]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}
