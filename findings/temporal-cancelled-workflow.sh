#!/usr/bin/env bash
# When a Temporal workflow is cancelled, its activities hear that it is gone, or nothing, not that it was cancelled.
#
# Versions: @temporalio packages 1.24.0 with the Temporal CLI from PATH (seen with 1.5.1, server 1.29.1, and 1.8.2,
# server 1.31.2), on Node 20.20.2.
#
# Guess: A running activity that heartbeats is told of the cancellation, and the workflow ends after that. Its code can
# then cancel the external work that it waits for.
#
# What happens: By default (`TRY_CANCEL`) the workflow closes first. The activity then hears NOT_FOUND, as it does
# after a reset or a timeout, with `cancelRequested` false. With `WAIT_CANCELLATION_COMPLETED` it hears CANCELLED. An
# activity that waits for a retry hears nothing in either case: its code does not run again.
#
# Matters: Code that cancels external work must not do so for NOT_FOUND, since another attempt may go on with it. So by
# default a cancelled workflow leaves its external work running, and nobody is told.
#
# Output seen, and expected:
#   > TRY_CANCEL (default): the workflow closed first; then the activity heard NOT_FOUND, cancelRequested false
#   > WAIT_CANCELLATION_COMPLETED: the activity heard CANCELLED, cancelRequested true; then the workflow closed
#   > WAIT_CANCELLATION_COMPLETED in a backoff: CancelledFailure, after 1 run of the code
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
  const cancelled = async (options) => {
    let began = false;
    let heard;
    const handle = await start({ heartbeatTimeout: '2s', ...options }, async (context) => {
      const beating = setInterval(() => context.heartbeat(), 100);
      began = true;
      try {
        await context.cancelled;
      } catch (error) {
        heard = `${error.message}, cancelRequested ${context.cancellationDetails.cancelRequested}`;
        throw error;
      } finally {
        clearInterval(beating);
      }
    });
    await until(() => began);
    await handle.cancel();
    await handle.result().catch(() => {});
    const first = heard === undefined ? 'the workflow' : 'the activity';
    await until(() => heard !== undefined);
    return { first, heard };
  };
  const usual = await cancelled({});
  see(`TRY_CANCEL (default): ${usual.first} closed first; then the activity heard ${usual.heard}`);
  const waited = await cancelled({ cancellationType: 'WAIT_CANCELLATION_COMPLETED' });
  see(`WAIT_CANCELLATION_COMPLETED: ${waited.first} heard ${waited.heard}; then the workflow closed`);

  let runs = 0;
  const waits = { cancellationType: 'WAIT_CANCELLATION_COMPLETED', heartbeatTimeout: '2s' };
  const handle = await start({ ...waits, retry: { initialInterval: '1 hour' } }, async () => {
    runs += 1;
    throw new Error('much later');
  });
  await until(async () => (await pending(handle))?.attempt === 2);
  await handle.cancel();
  const end = await handle.result().catch(({ cause }) => cause.name);
  see(`WAIT_CANCELLATION_COMPLETED in a backoff: ${end}, after ${runs} run of the code`);
});
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
