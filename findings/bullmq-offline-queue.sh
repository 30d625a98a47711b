#!/usr/bin/env bash
# With `enableOfflineQueue: false`, BullMQ's `add` still waits for Redis, and adds the job later, if Redis was never
# there since the queue was made.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: With `enableOfflineQueue: false`, as BullMQ's guides recommend for queues that must fail fast, `add` is
# rejected while Redis is away.
#
# What happens: That holds for a queue that was connected before. A queue that has not been connected yet waits
# without end. Once Redis is there, the job is added, however long ago the caller gave up.
#
# Matters: A process that starts while Redis is away gives an `add` up after a time of its own, and says that the job
# does not exist. It exists later, beside the one that was added instead. Give each job an ID of its own, so that the
# late one is the same job.
#
# Output seen, and expected:
#   > 5.64.0: never connected: add waits, and has added the job once Redis is there
#   > 5.64.0: connected before: add is rejected, and adds nothing later
#   > 6.7.0: never connected: add waits, and has added the job once Redis is there
#   > 6.7.0: connected before: add is rejected, and adds nothing later
set -euo pipefail

for tool in node npm redis-server; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
cleanup() {
  wait
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error \
  bullmq-5.64.0@npm:bullmq@5.64.0 bullmq-6.7.0@npm:bullmq@6.7.0 ioredis@6.0.0 || exit 2

# The program below starts it.
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

const path = process.env.REDIS_SOCKET;
const connection = { path, enableOfflineQueue: false, maxRetriesPerRequest: 1 };
const see = (line) => appendFileSync('seen', `${line}\n`);
let server;
setTimeout(() => {
  console.error('not done after 30 seconds');
  server?.kill('SIGKILL');
  process.exit(1);
}, 30_000).unref();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  while (!(await holds())) await pause(50);
};
const reachable = () =>
  new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket.destroy() !== undefined)).on('error', () => resolve(false));
  });
const start = async () => {
  const options = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
  server = spawn('redis-server', options, { stdio: 'ignore' });
  await until(reachable);
};
const stop = async () => {
  server.kill('SIGKILL');
  await once(server, 'exit');
};
/** What became of a call within two seconds. */
const fate = (call) =>
  Promise.race([call.then(() => 'has added', () => 'is rejected'), pause(2_000).then(() => 'waits')]);
const known = async (queue, id) => {
  let state;
  await until(async () => (state = await queue.getJobState(id).catch(() => undefined)) !== undefined);
  return state !== 'unknown';
};

for (const version of ['5.64.0', '6.7.0']) {
  const { Queue } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  queue.on('error', () => {});

  const first = queue.add('work', {}, { jobId: 'first' });
  const before = await fate(first);
  await start();
  const after = (await fate(first)) === 'has added' && (await known(queue, 'first')) ? 'has added the job' : 'has added nothing';
  see(`${version}: never connected: add ${before}, and ${after} once Redis is there`);

  await stop();
  const gone = await fate(queue.add('work', {}, { jobId: 'second' }));
  await start();
  const later = (await known(queue, 'second')) ? 'adds the job' : 'adds nothing';
  see(`${version}: connected before: add ${gone}, and ${later} later`);
  await stop();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
