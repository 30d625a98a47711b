/** `npm run guards`: takes away one guard at a time, and wants to see the test fail that is there for it. */
import { delimiter } from 'node:path';
import { parseArgs } from 'node:util';
import { GUARDS } from '../test/guards/list.ts';
import { proveGuards, type Proof } from './guards/prove.ts';
import { isSimulated, simulateGuards } from './guards/simulated.ts';
import { cleanupOnInterrupt } from './interrupt.ts';
import { redisFolder } from './redis/binary.ts';

const HELP = `npm run guards -- [options] [RULE]

In a copy of the tree, takes away one guard at a time (the rows of test/guards) and runs the test that must fail then.
Exit code 1 if one survives, or if a guard of the table is no longer in the sources. Takes minutes.

  RULE             only guards whose rule holds this text, as I3 or nonce
  --by simulation  in place of its test, the simulation must break a promise: which rules does it miss by itself? A figure, no check:
                   the exit code is 0. Only guards of code that the simulation runs.
  --seeds N        so many histories for each (10000)
  --json           print one JSON object and nothing else (npm run --silent guards -- --json)
  --help           this text
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      by: { type: 'string', default: 'tests' },
      seeds: { type: 'string', default: '10000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const text = positionals.join(' ');
  const bySimulation = values.by === 'simulation';
  if (!bySimulation && values.by !== 'tests') throw new Error('--by is tests or simulation');
  const guards = GUARDS.filter((one) => one.rule.toLowerCase().includes(text.toLowerCase())).filter(
    (one) => !bySimulation || isSimulated(one),
  );
  if (guards.length === 0) throw new Error(`no guard has a rule with ${JSON.stringify(text)}`);
  // Where the tests look for it.
  process.env['PATH'] = [await redisFolder(), process.env['PATH']].join(delimiter);
  const cleanup = cleanupOnInterrupt();
  try {
    const proofs: Proof[] = [];
    const proving = bySimulation ? simulateGuards(guards, Number(values.seeds), cleanup) : proveGuards(guards, cleanup);
    for await (const proof of proving) {
      proofs.push(proof);
      if (!values.json) process.stdout.write(line(proof, proofs.length, guards.length));
    }
    const caught = proofs.filter((proof) => proof.caught).length;
    if (values.json) process.stdout.write(`${JSON.stringify({ guards: proofs, caught })}\n`);
    else process.stdout.write(`\n${guards.length} guards, ${caught} caught\n`);
    return bySimulation || caught === guards.length ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

function line({ name, caught, why }: Proof, at: number, all: number): string {
  return `${String(at).padStart(3)}/${all}  ${caught ? 'caught  ' : 'SURVIVED'}  ${name}: ${why}\n`;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
