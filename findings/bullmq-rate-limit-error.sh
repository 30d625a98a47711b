#!/usr/bin/env bash
# Without a limit in force, BullMQ runs a job that throws its RateLimitError again at once, over and over.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: The worker waits before it runs the job again: for some default time, or as it does between retries. The error
# says that a limit was met.
#
# What happens: The error moves the job back to the front of the queue and counts no attempt. The wait is the time that
# the limiter key in Redis still has. Without a limiter option and without a call of `rateLimit()` there is no such
# key, and the same worker takes the job up again within a millisecond, again and again.
#
# Matters: The error is the one way to hand a job back without using up an attempt that does not need a new delay, so
# it invites other uses than rate limits. `attempts` does not bound such a loop. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: more than 50 runs in half a second, attemptsMade 0; after rateLimit(60000) 1 run
#   > 6.7.0: more than 50 runs in half a second, attemptsMade 0; after rateLimit(60000) 1 run
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
  const { Queue, RateLimitError, Worker } = await import(`bullmq-${version}`);
  const runsOf = async (limited) => {
    const queue = new Queue(`q${version}${limited}`, { connection });
    let runs = 0;
    const processor = async () => {
      runs += 1;
      if (limited) await queue.rateLimit(60_000);
      throw new RateLimitError();
    };
    const job = await queue.add('x', {}, { attempts: 3 });
    const worker = new Worker(queue.name, processor, { connection });
    const end = Date.now() + 500;
    await until(() => Date.now() > end);
    await worker.close();
    return { runs, attemptsMade: (await queue.getJob(job.id)).attemptsMade };
  };
  const { runs, attemptsMade } = await runsOf(false);
  const limited = await runsOf(true);
  const many = runs > 50 ? 'more than 50' : runs;
  see(`${version}: ${many} runs in half a second, attemptsMade ${attemptsMade}; after rateLimit(60000) ${limited.runs} run`);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
