#!/usr/bin/env bash
# A manual retry does not reset BullMQ's count of stalls: the retried job has none left.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: A job that failed because it stalled too often, and is retried by a person with its counters reset, may stall
# as often as a new one.
#
# What happens: `stalledCounter` is kept by every kind of retry; `resetAttemptsMade` and `resetAttemptsStarted` have no
# counterpart for it. A retried job fails for good at its first stall, and so does a job that stalled once in weeks of
# work.
#
# Matters: A job that runs for days meets several deploys and crashes, each of which may count as a stall.
# `maxStalledCount` must allow for all of them together. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: failed after 2 stalls with maxStalledCount 1
#   > 5.64.0: retried with reset counters; failed after 1 stall more: job stalled more than allowable limit
#   > 6.7.0: failed after 2 stalls with maxStalledCount 1
#   > 6.7.0: retried with reset counters; failed after 1 stall more: job stalled more than allowable limit
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
  const { Queue, Worker } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  let runs = 0;
  let failed = false;
  const processor = async () => {
    runs += 1;
    await until(() => failed);
  };
  // Nobody renews a lock, as if the worker had died in each run.
  const lock = { lockDuration: 500, stalledInterval: 200, skipLockRenewal: true };
  const worker = new Worker(queue.name, processor, { connection, concurrency: 5, maxStalledCount: 1, ...lock });
  worker.on('error', () => {});
  const added = await queue.add('x', {});
  /** How often the job runs until it has failed. */
  const stallUntilFailed = async () => {
    runs = 0;
    failed = false;
    await until(async () => (await added.getState()) === 'failed');
    failed = true;
    return runs;
  };
  see(`${version}: failed after ${await stallUntilFailed()} stalls with maxStalledCount 1`);
  const job = await queue.getJob(added.id);
  await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  const more = await stallUntilFailed();
  const { failedReason } = await queue.getJob(job.id);
  see(`${version}: retried with reset counters; failed after ${more} stall more: ${failedReason}`);
  await worker.close();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
