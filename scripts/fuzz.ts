/** `npm run fuzz`: gives what reads keys, values, stored texts, URLs and the environment any input. */
import { parseArgs } from 'node:util';
import { FUZZ_TARGETS } from './fuzz/targets.ts';

const HELP = `npm run fuzz -- [options] [TARGET]

Gives each target of scripts/fuzz/targets.ts random inputs. It must accept an input and keep its property, or refuse it with an error
of Mooring. Exit code 1 if one does neither; the smallest such input is printed with its seed.

  TARGET    only targets whose name holds this text, as keys or URLs
  --runs N  so many inputs for each target (10000)
  --seed S  the inputs of this seed (another one at each run)
  --json    print one JSON object and nothing else (npm run --silent fuzz -- --json)
  --help    this text
`;

const { values, positionals } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

if (values.help) process.stdout.write(HELP);
else {
  const [numRuns, seed] = [Number(values.runs), Number(values.seed)];
  const found = FUZZ_TARGETS.filter(({ name }) => name.includes(positionals.join(' '))).map(({ name, check }) => {
    const began = performance.now();
    const { runs, problem } = check({ numRuns, seed });
    const seconds = (performance.now() - began) / 1_000;
    const line = `${problem === undefined ? 'holds ' : 'FAILED'}  ${name}: ${runs} inputs, ${seconds.toFixed(1)} s\n`;
    if (!values.json) process.stdout.write(line + (problem ?? ''));
    return { name, runs, seconds, problem };
  });
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, targets: found })}\n`);
  process.exitCode = found.length > 0 && found.every(({ problem }) => problem === undefined) ? 0 : 1;
}
