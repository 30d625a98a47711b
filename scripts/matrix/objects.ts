/** Servers of objects: the contract of the object stores, and a round trip with a real Redis, on each. */
import { GIVEN_SERVER, type GivenServer } from '../../test/support/given-server.ts';
import { runJest, type JestResult } from '../jest.ts';
import { OBJECT_SERVERS, type Fault, type ObjectServer } from '../object-servers/list.ts';
import { startObjectServer } from '../object-servers/start.ts';
import { redisFolder } from '../redis/binary.ts';
import type { Result, Row } from './row.ts';

const TESTS = { s3: 's3-contract', gcs: 'gcs-contract' } as const;

/** A row for each server. */
export const objectRows: readonly Row[] = OBJECT_SERVERS.map((server) => ({ name: server.name, run: () => runOn(server) }));

async function runOn(server: ObjectServer): Promise<Result> {
  const { name, kind, tested, source, version = source.version.replace(/^v/, ''), faults = [] } = server;
  const path = [await redisFolder()];
  const started = await startObjectServer(server);
  try {
    const given: GivenServer = { name, kind, endpoint: started.endpoint, ...tested };
    const args = ['--maxWorkers=2', `test/integration/${TESTS[kind]}`, 'test/integration/round-trip'];
    const result = await runJest({ args, path, env: { [GIVEN_SERVER]: JSON.stringify(given) } });
    return { version, ...sorted(result, started.hasEnded() ? [...faults, { what: 'It died.' }] : faults) };
  } finally {
    await started.end();
  }
}

/** What failed for a fault of the server is known; the rest is a failure. */
function sorted({ passed, failed, failures }: JestResult, faults: readonly Fault[]): Omit<Result, 'version'> {
  const isOf = (title: string, { tests }: Fault): boolean => tests?.test(title) ?? false;
  const [known, unknown] = [true, false].map((wanted) =>
    failures.filter((title) => faults.some((fault) => isOf(title, fault)) === wanted),
  ) as [string[], string[]];
  process.stderr.write(unknown.map((title) => `failed, and not for a known fault: ${title}\n`).join(''));
  // A fault that no test meets any more is none; one without tests is what the tests know.
  const isThere = (fault: Fault): boolean => fault.tests === undefined || known.some((title) => isOf(title, fault));
  const met = faults.filter((fault) => fault.sometimes === true || isThere(fault));
  return { passed, failed: failed - known.length, known: known.length, note: met.map(({ what }) => what).join(' ') };
}
