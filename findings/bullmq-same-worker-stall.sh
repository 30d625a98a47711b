#!/usr/bin/env bash
# A BullMQ worker that takes up its own stalled job stops renewing the lock of the live run.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: After a job stalled and was taken up again, the new run has its own lock, which the worker renews as long as
# it runs. The old run can no longer do harm.
#
# What happens: With a concurrency above 1 the same worker may take up the job again. It keeps what it renews by job
# ID: when the old run ends, the entry of the new run is removed. The lock of the new run then lapses while it works,
# and the job is failed as stalled, although the worker is alive and both runs return.
#
# Matters: One short loss of a lock (a failover that loses the key, a long pause) can cost a job for good with the
# default `maxStalledCount` of 1. A long run must extend its own lock with `job.extendLock()`. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: run 1 returned; then run 2 works for three lock times: failed, job stalled more than allowable limit
#   > 6.7.0: run 1 returned; then run 2 works for three lock times: failed, job stalled more than allowable limit
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
import { Redis } from 'ioredis';

const connection = { path: process.env.REDIS_SOCKET, maxRetriesPerRequest: null };
const redis = new Redis(process.env.REDIS_SOCKET);
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
  const returned = [];
  let runs = 0;
  let state = '';
  const processor = async (job) => {
    runs += 1;
    const run = runs;
    if (run === 1) {
      // The lock is gone, as after a failover that lost it. The run ends after the job was taken up again.
      await redis.del(`bull:${queue.name}:${job.id}:lock`);
      await until(() => runs === 2);
    } else {
      const end = Date.now() + 3_000;
      await until(() => Date.now() > end || state === 'failed');
    }
    returned.push(run);
  };
  const worker = new Worker(queue.name, processor, { connection, concurrency: 2, lockDuration: 1_000, stalledInterval: 300 });
  // The worker says that it could not renew or complete.
  worker.on('error', () => {});
  const job = await queue.add('x', {});
  await until(async () => ['completed', 'failed'].includes((state = await job.getState())));
  const { failedReason } = await queue.getJob(job.id);
  see(`${version}: run ${returned[0]} returned; then run 2 works for three lock times: ${state}, ${failedReason}`);
  await worker.close();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
