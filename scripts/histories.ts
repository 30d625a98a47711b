/** `npm run histories`: calls of many clients on real servers, through faults, checked by a linearizability checker. */
import { delimiter } from 'node:path';
import { parseArgs } from 'node:util';
import { buildChecker, type Checker } from '../test/histories/checker.ts';
import type { Operation } from '../test/histories/history.ts';
import { happenUnder } from '../test/histories/run.ts';
import { FAULTS, type FaultName } from '../test/histories/servers.ts';
import { redisFolder } from './redis/binary.ts';

const HELP = `npm run histories -- [options] [FAULT ...]

Tools and attempts, of which each supersedes the one before, get, set, delete and compare one key at the same time, while a fault
begins and ends. Every call is written down, and porcupine (in Go) looks for an order of the calls that explains all answers. A call
without an answer may take effect at any later time. Exit code 1 if there is no such order, or after an error that no fault explains.

  FAULT          ${FAULTS.join(', ')} (default: each)
  --seconds N    so long for each fault (10)
  --json         print one JSON object and nothing else (npm run --silent histories -- --json)
  --help         this text

killed: Redis is killed, and keeps what it answered (appendfsync always). paused, cluster-paused, s3-paused: a server is stopped for a
while; with s3 every value lies in MinIO. cut: connections break while answers are on their way. failover: a planned one.
master-killed: the replica takes over, with durability; only writes count then, since a read may have seen what was lost.
`;

/** What a fault led to. */
interface Report {
  fault: FaultName;
  histories: number;
  operations: number;
  /** How many calls ended so. */
  outcomes: Record<string, number>;
  /** Histories that no order of their calls explains. */
  illegal: (readonly Operation[])[];
  undecided: number;
  wrong: readonly string[];
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds is a number above 0, received ${values.seconds}`);
  const unknown = positionals.find((word) => !FAULTS.some((fault) => fault === word));
  if (unknown !== undefined) throw new Error(`there is no fault ${unknown}: ${FAULTS.join(', ')}`);
  process.env['PATH'] = [await redisFolder(), process.env['PATH']].join(delimiter);
  const checker = await buildChecker();
  const reports: Report[] = [];
  try {
    for (const fault of FAULTS.filter((one) => positionals.length === 0 || positionals.includes(one))) {
      const report = await look(checker, fault, seconds);
      reports.push(report);
      if (!values.json) process.stdout.write(inWords(report));
    }
  } finally {
    await checker.close();
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ faults: reports })}\n`);
  return reports.every(({ illegal, undecided, wrong }) => illegal.length + undecided + wrong.length === 0) ? 0 : 1;
}

async function look(checker: Checker, fault: FaultName, seconds: number): Promise<Report> {
  const end = Date.now() + seconds * 1_000;
  const { histories, wrong } = await happenUnder(fault, () => Date.now() >= end);
  const { illegal, undecided } = await checker.check(histories);
  const operations = histories.flat();
  const outcomes: Report['outcomes'] = {};
  for (const { outcome } of operations) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    fault,
    histories: histories.length,
    operations: operations.length,
    outcomes,
    illegal: illegal.map((number) => histories[number] ?? []),
    undecided: undecided.length,
    wrong,
  };
}

function inWords({ fault, histories, operations, outcomes, illegal, undecided, wrong }: Report): string {
  const ended = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const verdict = `${illegal.length} without an order, ${undecided} undecided, ${wrong.length} wrong errors`;
  const head = `${fault}: ${histories} histories of ${operations} calls (${ended.join(', ')}): ${verdict}\n`;
  return head + wrong.map((error) => `  WRONG  ${error}\n`).join('') + illegal.map(lines).join('');
}

/** In the order of their calls, with the milliseconds from call to return. */
function lines(operations: readonly Operation[]): string {
  const sorted = operations.toSorted((one, other) => one.call - other.call);
  const began = sorted[0]?.call ?? 0;
  const ms = (at: number): string => ((at - began) / 1e6).toFixed(1);
  const line = (one: Operation): string => {
    const who = one.attempt > 0 ? `attempt ${one.attempt}` : `tool ${-one.client}`;
    const what = `${one.kind}, ${one.from} to ${one.to}, read ${one.value}: ${one.outcome}`;
    return `  ${ms(one.call)} to ${ms(one.return)}  ${who}  ${what}\n`;
  };
  return `NO ORDER of these calls explains all answers (0 is no value):\n${sorted.map(line).join('')}\n`;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return 2;
});
