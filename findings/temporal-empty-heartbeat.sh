#!/usr/bin/env bash
# A heartbeat without details erases the details of the heartbeats before it.
#
# Versions: @temporalio packages 1.24.0 with the Temporal CLI from PATH (seen with 1.5.1, server 1.29.1, and 1.8.2,
# server 1.31.2), on Node 20.20.2.
#
# Guess: `heartbeat()` without an argument only says that the activity is alive. The details that were recorded before
# stay until others replace them.
#
# What happens: It records that there are no details. The next attempt finds `heartbeatDetails` undefined. Without any
# heartbeat the details outlast attempts.
#
# Matters: A helper that heartbeats by a timer, to keep an activity alive, erases the progress that the code beside it
# has recorded. It has to send the last details again.
#
# Output seen, and expected:
#   > attempt 1 finds nothing, heartbeats "page 7", fails
#   > attempt 2 finds page 7, does not heartbeat, fails
#   > attempt 3 finds page 7, heartbeats without details, fails
#   > attempt 4 finds nothing
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
  const found = [];
  const handle = await start({ heartbeatTimeout: '10s', retry: { initialInterval: 1 } }, async (context) => {
    found.push(context.info.heartbeatDetails ?? 'nothing');
    if (found.length === 1) context.heartbeat('page 7');
    if (found.length === 3) context.heartbeat();
    if (found.length < 4) throw new Error('again');
  });
  await handle.result();
  see(`attempt 1 finds ${found[0]}, heartbeats "page 7", fails`);
  see(`attempt 2 finds ${found[1]}, does not heartbeat, fails`);
  see(`attempt 3 finds ${found[2]}, heartbeats without details, fails`);
  see(`attempt 4 finds ${found[3]}`);
});
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
