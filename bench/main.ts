/** `npm run bench`: what each operation costs, beside the plain client, another build and other libraries. */
import { BENCHES } from './benches/list.ts';
import { helpText, readArguments } from './harness/arguments.ts';
import type { Bench } from './harness/bench.ts';
import { runBenches } from './harness/run.ts';

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.help || asked.names.length === 0) {
    const about = Object.entries(await load(Object.keys(BENCHES))).map(([name, bench]) => [name, bench.about] as const);
    process.stdout.write(helpText(Object.fromEntries(about)));
    return asked.help ? 0 : 1;
  }
  await runBenches(asked.names.includes('all') ? await all() : await load(asked.names), asked);
  return 0;
}

async function all(): Promise<Record<string, Bench>> {
  const every = Object.entries(await load(Object.keys(BENCHES)));
  return Object.fromEntries(every.filter(([, { apart = false }]) => !apart));
}

async function load(names: readonly string[]): Promise<Record<string, Bench>> {
  const loaded: Record<string, Bench> = {};
  for (const name of names) {
    const bench = await BENCHES[name]?.();
    if (!bench) throw new Error(`no bench is called ${name}: ${Object.keys(BENCHES).join(', ')}`);
    loaded[name] = bench;
  }
  return loaded;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
