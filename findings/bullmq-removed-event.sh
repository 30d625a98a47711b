#!/usr/bin/env bash
# BullMQ's event `removed` is told for one way of removing a job only.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: Whoever listens to `removed` of QueueEvents learns of every job that is removed, and can delete what belongs
# to it.
#
# What happens: Of the four ways here, only `job.remove()` tells it. `clean()`, `drain()` and `removeOnComplete` remove
# jobs and tell nothing of the kind.
#
# Matters: State, files or external jobs that belong to a job cannot be cleaned up by this event. They need an end of
# their own. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: all 4 jobs are gone; told of: remove
#   > 6.7.0: all 4 jobs are gone; told of: remove
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
  const { Queue, QueueEvents, Worker } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  const events = new QueueEvents(queue.name, { connection });
  await events.waitUntilReady();
  const told = [];
  let done = 0;
  events.on('removed', ({ jobId }) => told.push(jobId));
  events.on('completed', () => (done += 1));
  const worker = new Worker(queue.name, async () => {}, { connection, autorun: false });

  const removed = await queue.add('x', {}, { jobId: 'remove', delay: 3_600_000 });
  await removed.remove();
  await queue.add('x', {}, { jobId: 'clean', delay: 3_600_000 });
  await queue.clean(0, 100, 'delayed');
  await queue.add('x', {}, { jobId: 'drain' });
  await queue.drain();
  await queue.add('x', {}, { jobId: 'removeOnComplete', removeOnComplete: true });
  void worker.run();
  // Events come in order: whatever was told before the end of the next job is here with it.
  await until(() => done === 1);
  await queue.add('x', {}, { jobId: 'the next' });
  await until(() => done === 2);
  const ids = ['remove', 'clean', 'drain', 'removeOnComplete'];
  const left = (await Promise.all(ids.map((id) => queue.getJob(id)))).filter(Boolean);
  see(`${version}: ${left.length === 0 ? 'all 4 jobs are gone' : `${left.length} left`}; told of: ${told.join(', ')}`);
  await Promise.all([worker.close(), events.close()]);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
