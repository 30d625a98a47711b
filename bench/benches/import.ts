import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../scripts/command.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';

/** What an import costs a process that has just begun. */
export const importBench: Bench = {
  about: 'the time that an import takes, beside an empty module',
  async *comparisons(rig) {
    const empty = join(await rig.folder(), 'empty.mjs');
    await writeFile(empty, 'export {};\n');
    const modules = { mooring: 'src/index.js', 'mooring/redis': 'src/redis.js', 'mooring/bullmq': 'adapters/bullmq/index.js' };
    for (const [name, path] of Object.entries(modules)) {
      yield {
        name: `import '${name}'`,
        sides: [
          { label: 'an empty module', role: 'plain', measure: () => imported(empty) },
          ...rig.builds.map(({ label, role, folder }) => ({ label, role, measure: () => imported(join(folder, path)) })),
        ],
      };
    }
  },
};

async function imported(file: string): Promise<Figures> {
  const url = JSON.stringify(pathToFileURL(file).href);
  const program = `
    const start = performance.now();
    const before = process.cpuUsage();
    await import(${url});
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ time: performance.now() - start, client: user + system }));`;
  const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Figures;
}
