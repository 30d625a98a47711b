import type { StoreCommand } from '../command.ts';
import { EXIT } from '../outcome.ts';
import type { Colour } from '../terminal.ts';

const COLOURS: Readonly<Record<'ok' | 'warning' | 'error', Colour>> = { ok: 'green', warning: 'yellow', error: 'red' };
const WIDTH = 'warning'.length;

/** `mooring doctor`. */
export const doctorCommand: StoreCommand = {
  kind: 'store',
  summary: 'look whether Redis and the buckets are as they should be',
  flags: {},
  about: ['Ends with 1 if a finding is an error; a warning is none.'],
  examples: [
    ['mooring doctor', 'after each change of Redis or of a bucket'],
    ['mooring doctor --json', 'for a monitor'],
  ],
  plan:
    () =>
    async (store, { signal, terminal, tools }) => {
      const findings = await tools.doctor(store, { signal });
      const wrong = findings.some(({ level }) => level === 'error');
      const lines = findings.flatMap(({ level, check, message, remedy }) => [
        `${terminal.paint(COLOURS[level], level.padEnd(WIDTH))}  ${check}: ${message}`,
        ...(remedy === undefined ? [] : [`${' '.repeat(WIDTH + 2)}${terminal.paint('dim', remedy)}`]),
      ]);
      return { code: wrong ? EXIT.failed : EXIT.ok, report: { findings }, lines };
    },
};
