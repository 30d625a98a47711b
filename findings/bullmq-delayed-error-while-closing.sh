#!/usr/bin/env bash
# A BullMQ 5 worker that is closing takes up another job after a DelayedError.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: After `close()` was called a worker takes up no further job. It finishes those that it has.
#
# What happens: When a processor calls `moveToDelayed()` and throws DelayedError, 5.64 fetches the next job whether or
# not it closes, and runs it. 6.7 does not.
#
# Matters: A deploy that delays the jobs in hand to get rid of them makes the closing worker run others, one after
# another if all do so, and `close()` takes that much longer. After a RateLimitError neither version fetches a job.
#
# Output seen, and expected:
#   > 5.64.0: close() ended after the worker ran first, second
#   > 6.7.0: close() ended after the worker ran first
set -euo pipefail

for tool in node npm redis-server; do
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
  bullmq-5.64.0@npm:bullmq@5.64.0 bullmq-6.7.0@npm:bullmq@6.7.0 ioredis@6.0.0 || exit 2

redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" > redis.log 2>&1 &
server=$!
until grep -q 'Ready to accept\|ready to accept' redis.log; do
  kill -0 "$server" 2> /dev/null || { cat redis.log >&2; exit 2; }
  sleep 0.05
done
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
const connection = { path: process.env.REDIS_SOCKET, maxRetriesPerRequest: null };
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds) => {
  while (!(await holds())) await pause(10);
};

for (const version of ['5.64.0', '6.7.0']) {
  const { DelayedError, Queue, Worker } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  for (const name of ['first', 'second', 'third']) await queue.add(name, {});
  const ran = [];
  let closed;
  const processor = async (job, token) => {
    ran.push(job.name);
    if (job.name !== 'first') return;
    closed = worker.close();
    await job.moveToDelayed(Date.now() + 3_600_000, token);
    throw new DelayedError();
  };
  const worker = new Worker(queue.name, processor, { connection });
  await until(() => closed !== undefined);
  await closed;
  see(`${version}: close() ended after the worker ran ${ran.join(', ')}`);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
