#!/usr/bin/env bash
# `nextRetryDelay: 0` does not retry a Temporal activity at once: it ends the activity.
#
# Versions: @temporalio packages 1.24.0 with the Temporal CLI from PATH (seen with 1.5.1, server 1.29.1, and 1.8.2,
# server 1.31.2), on Node 20.20.2.
#
# Guess: A failure with `nextRetryDelay: 0` is retried without a pause.
#
# What happens: The activity fails for good after that attempt, with the retry state TIMEOUT, although no timeout has
# passed and its retries have no limit. A delay of 1 ms retries as expected.
#
# Matters: The delay is usually computed, as the time until something is ready. Where that time is over it becomes 0,
# and a job that only had to look once more fails. Round up to 1 ms.
#
# Output seen, and expected:
#   > nextRetryDelay 0: TIMEOUT after 1 attempt
#   > nextRetryDelay 1: completed after 2 attempts
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
import { ApplicationFailure, Context } from '@temporalio/activity';
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
  for (const nextRetryDelay of [0, 1]) {
    let attempts = 0;
    const handle = await start({}, async () => {
      attempts += 1;
      if (attempts === 1) throw ApplicationFailure.create({ message: 'not ready', nextRetryDelay });
    });
    const end = await handle.result().then(() => 'completed', ({ cause }) => cause.retryState);
    see(`nextRetryDelay ${nextRetryDelay}: ${end} after ${attempts} attempt${attempts === 1 ? '' : 's'}`);
  }
});
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
