/** `npm run servers`: provides every server that the tests start, and says where each is. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { redisFolder } from './redis/binary.ts';
import { SERVER_NAMES } from './servers/list.ts';
import { provideServers } from './servers/provide.ts';

const HELP = `npm run servers -- [options]

Provides the servers that the tests start, and prints where each is: from PATH, else from the cache below the home
folder, else built into it (${SERVER_NAMES.join(', ')}: by go install, minutes in all)
or unpacked from the system's packages (redis-server). Exit code 1 where one is missing.

  --json            print one JSON object and nothing else (npm run --silent servers -- --json)
  --help            this text
`;

interface Row {
  path?: string;
  /** Why there is none, and what to do. */
  missing?: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const redis = await redisFolder().then(
    (folder): Row => ({ path: join(folder, 'redis-server') }),
    (error: unknown): Row => ({ missing: (error as Error).message }),
  );
  const provided = await provideServers(SERVER_NAMES);
  const rows: Record<string, Row> = { redis };
  for (const [name, one] of Object.entries(provided)) rows[name] = 'path' in one ? one : { missing: one.refused };
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else
    for (const [name, { path, missing }] of Object.entries(rows)) process.stdout.write(`${name.padEnd(17)}${path ?? missing}\n`);
  return Object.values(rows).every(({ path }) => path !== undefined) ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 1;
});
