/** The matrix as a table in Markdown. */
import type { Report } from './row.ts';

const HEAD = ['On', 'Version', 'Passed', 'Failed', 'Known', 'Seconds', ''];

/** The table; its last line ends with a line break. */
export function table(reports: readonly Report[]): string {
  const cells = reports.map(({ name, version, passed, failed, known = 0, seconds, note = '', missing }) =>
    missing === undefined
      ? [name, version, String(passed), String(failed), String(known), String(seconds), note]
      : [name, '', '', '', '', '', `not run: ${missing}`],
  );
  const lines = [HEAD, HEAD.map(() => '---'), ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |\n`).join('');
}
