import type { Findings } from './finding.ts';

/** What runs the process. Bun and Deno say which Node they stand for, too. */
export function examineRuntime(
  { ok, error }: Pick<Findings, 'ok' | 'error'>,
  { bun, deno, node = '' }: Readonly<Record<string, string | undefined>>,
): void {
  if (bun !== undefined) return ok('runtime', `Bun ${bun}`);
  if (deno !== undefined) return ok('runtime', `Deno ${deno}`);
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) ok('runtime', `Node ${node}`);
  else error('runtime', `Node ${node} is too old`, 'Use Node 20.19 or newer.');
}
