#!/usr/bin/env bash
# A BullMQ worker that lost the lock of a job can still write its data, progress and log.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: Writing a job checks the lock, as completing it does: a worker that lost the job is refused.
#
# What happens: `updateData()`, `updateProgress()` and `log()` check only that the job exists. They succeed while
# another worker runs the job, and that worker, or the next attempt, reads what they wrote.
#
# Matters: `job.data` is the usual place to keep how far a job came. An old run that wakes up from a pause overwrites
# what the new run has written there. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: extendLock of the old run: 0; its updateData, updateProgress, log: done, done, done
#   > 5.64.0: the new run reads data {"step":"old"}, progress "old", log old
#   > 6.7.0: extendLock of the old run: 0; its updateData, updateProgress, log: done, done, done
#   > 6.7.0: the new run reads data {"step":"old"}, progress "old", log old
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
  const options = { connection, lockDuration: 500, stalledInterval: 200 };
  const [a, b] = [new Worker(queue.name, null, options), new Worker(queue.name, null, options)];
  await queue.add('x', { step: 'none' });
  const old = await a.getNextJob('old');
  // Nobody renews the lock of a job that is fetched by hand. It lapses, and the other worker finds the job stalled.
  await b.startStalledCheckTimer();
  let current;
  await until(async () => (current = await b.getNextJob('new', { block: false })));
  await current.updateData({ step: 'new' });
  const extended = await old.extendLock('old', 500);
  const outcomes = [];
  for (const write of [() => old.updateData({ step: 'old' }), () => old.updateProgress('old'), () => old.log('old')]) {
    outcomes.push(await write().then(() => 'done', ({ message }) => message));
  }
  see(`${version}: extendLock of the old run: ${extended}; its updateData, updateProgress, log: ${outcomes.join(', ')}`);
  const { data, progress } = await queue.getJob(current.id);
  const { logs } = await queue.getJobLogs(current.id);
  see(`${version}: the new run reads data ${JSON.stringify(data)}, progress ${JSON.stringify(progress)}, log ${logs}`);
  await Promise.all([a.close(), b.close()]);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
