import { scopePath } from '../../format/path.ts';
import type { TaskScope } from '../../model/scope.ts';

/** How a job is named to people: in words that the command takes back, unchanged. */

/** The parts of a BullMQ job's scope; `undefined` for another scope. */
function queueJobOf(scope: TaskScope): { prefix: string; queue: string; id: string; createdAt: number } | undefined {
  const [, prefix, queue] = /^(.+):([^:]+)$/s.exec(scope.flow) ?? [];
  const [, id, createdAt] = /^(.+)@(\d+)$/s.exec(scope.run) ?? [];
  if (prefix === undefined || queue === undefined || id === undefined) return undefined;
  return { prefix, queue, id, createdAt: Number(createdAt) };
}

/** The parts of a Temporal activity's scope; `undefined` for another scope, and for one that activities share. */
function activityOf(
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

/** The words that name a scope: the shortest that leave no doubt of the kind, else the path. */
export function nameOf(scope: TaskScope): string {
  const isItem = scope.mapIndex !== undefined || scope.itemKey !== undefined;
  const job = isItem ? undefined : queueJobOf(scope);
  if (job) return `${words(job.queue, job.id)}${job.prefix === 'bull' ? '' : ` --prefix ${words(job.prefix)}`}`;
  const activity = isItem ? undefined : activityOf(scope);
  if (activity) return `--workflow ${words(activity.workflow)} --activity ${words(activity.activity)}`;
  return pathOfScope(scope);
}

/** The path of a scope, as short as the command takes it. */
export function pathOfScope(scope: TaskScope): string {
  return scopePath(scope).replace(/\/-1$/, '');
}

/** The name of a record whose external job names none. */
const DEFAULT_KEY = 'external_job_id';

/** The flag that names a record, if it needs one. */
export function keyFlag(key: string): string {
  return key === DEFAULT_KEY ? '' : ` --key ${words(key)}`;
}

/** Words as a shell takes them. */
export function words(...texts: readonly string[]): string {
  return texts.map((text) => (/^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : quotedWord(text))).join(' ');
}

/** Control characters would move the terminal's cursor: bash and zsh read them back from this form. */
function quotedWord(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the ones that are replaced
  if (!/[\u0000-\u001F\u007F-\u009F]/.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `$'${escaped.replace(/[\u007F-\u009F]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}
