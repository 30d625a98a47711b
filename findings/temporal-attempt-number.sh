#!/usr/bin/env bash
# Two attempts of one Temporal activity can have the same number, ID and run.
#
# Versions: @temporalio packages 1.24.0 with the Temporal CLI from PATH (seen with 1.5.1, server 1.29.1, and 1.8.2,
# server 1.31.2), on Node 20.20.2.
#
# Guess: `attempt` counts up within one execution of an activity, so that the workflow, the run, the activity ID and
# the attempt name one attempt.
#
# What happens: After an operator has reset the activity (`temporal activity reset`, or the API) during its backoff,
# the next attempt is number 1 again. Only `currentAttemptScheduledTimestampMs` tells which one is later.
#
# Matters: The attempt number is often part of an idempotency key, or the fence that keeps an old attempt from writing.
# After a reset such a key is taken for used, and the newer attempt for no newer than the old one.
#
# Output seen, and expected:
#   > two attempts, numbers 1 and 1
#   > the same activity ID, run and scheduledTimestampMs: true
#   > currentAttemptScheduledTimestampMs has grown: true
set -euo pipefail

for tool in node npm temporal; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  @temporalio/activity@1.24.0 @temporalio/client@1.24.0 @temporalio/worker@1.24.0 @temporalio/workflow@1.24.0 || exit 2

port=$(node -e 'const s = net.createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
temporal server start-dev --headless --ip 127.0.0.1 --port "$port" --log-level never > server.log 2>&1 &
server=$!
until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do
  kill -0 "$server" 2> /dev/null || { cat server.log >&2; exit 2; }
  sleep 0.05
done
export TEMPORAL_ADDRESS="127.0.0.1:$port"

cat > workflow.mjs << 'EOF'
import { proxyActivities } from '@temporalio/workflow';

export const call = (options) => proxyActivities({ startToCloseTimeout: '1 minute', ...options }).work();
EOF

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  while (!(await holds())) await pause(10);
};

const connection = await connected();
const client = new Client({ connection });
let work;
const worker = await Worker.create({
  connection,
  taskQueue: 'q',
  workflowsPath: `${process.cwd()}/workflow.mjs`,
  activities: { work: () => work(Context.current()) },
});
/** Starts a workflow of one activity, whose code is `code`. */
const start = (options, code) => {
  work = code;
  return client.workflow.start('call', { taskQueue: 'q', workflowId: `w${Math.random()}`, args: [options] });
};
const pending = async (handle) => (await handle.describe()).raw.pendingActivities?.[0];

async function connected() {
  for (;;) {
    try {
      const found = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS });
      await found.workflowService.describeNamespace({ namespace: 'default' });
      return found;
    } catch {
      await pause(50);
    }
  }
}

await worker.runUntil(async () => {
  const seen = [];
  const handle = await start({ retry: { initialInterval: '1 hour' } }, async ({ info }) => {
    if (seen.push(info) === 1) throw new Error('much later');
  });
  // The number that the server shows in a backoff is that of the attempt to come.
  await until(async () => (await pending(handle))?.attempt === 2);
  const { workflowId } = handle;
  await client.workflowService.resetActivity({ namespace: 'default', execution: { workflowId }, id: seen[0].activityId });
  await handle.result();
  const [first, second] = seen;
  const name = ({ activityId, scheduledTimestampMs, workflowExecution }) =>
    [activityId, workflowExecution.runId, scheduledTimestampMs].join();
  see(`two attempts, numbers ${first.attempt} and ${second.attempt}`);
  see(`the same activity ID, run and scheduledTimestampMs: ${name(first) === name(second)}`);
  const grown = second.currentAttemptScheduledTimestampMs > first.currentAttemptScheduledTimestampMs;
  see(`currentAttemptScheduledTimestampMs has grown: ${grown}`);
});
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
