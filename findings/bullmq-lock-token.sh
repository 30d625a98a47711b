#!/usr/bin/env bash
# BullMQ's lock token does not name a run: two runs of one job, and other jobs, can have the same.
#
# Versions: bullmq 5.64.0 (with its own ioredis) and 6.7.0 (with ioredis 6.0.0), on redis-server 7.0.15 and Node
# 20.20.2.
#
# Guess: Every run of a job has a token of its own, so that the token tells two runs apart, and an old run that still
# uses its token is refused.
#
# What happens: A worker that goes from one job to the next uses the same token again. If a processor moves its job
# back to waiting and the worker fetches it at once, both runs have one token. What is left over from the first run can
# extend the lock of the second.
#
# Matters: A token looks like a fencing token for the state of a job, and is none. `attemptsMade` is the same in such
# runs too; `attemptsStarted` grows, unless a manual retry resets it. Seen in both majors.
#
# Output seen, and expected:
#   > 5.64.0: one job ran 3 times, with 1 token, attemptsMade 0,0,0, attemptsStarted 1,2,3
#   > 5.64.0: the job after it had the same token
#   > 6.7.0: one job ran 3 times, with 1 token, attemptsMade 0,0,0, attemptsStarted 1,2,3
#   > 6.7.0: the job after it had the same token
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
  const { Queue, WaitingError, Worker } = await import(`bullmq-${version}`);
  const queue = new Queue(`q${version}`, { connection });
  const runs = [];
  const processor = async (job, token) => {
    runs.push({ name: job.name, token, made: job.attemptsMade, started: job.attemptsStarted });
    if (runs.length > 2) return;
    await job.moveToWait(token);
    throw new WaitingError();
  };
  const [, second] = [await queue.add('one', {}), await queue.add('two', {})];
  const worker = new Worker(queue.name, processor, { connection });
  await until(async () => (await second.getState()) === 'completed');
  await worker.close();
  const one = runs.filter(({ name }) => name === 'one');
  const tokens = new Set(one.map(({ token }) => token));
  const numbers = `attemptsMade ${one.map(({ made }) => made)}, attemptsStarted ${one.map(({ started }) => started)}`;
  see(`${version}: one job ran ${one.length} times, with ${tokens.size} token, ${numbers}`);
  see(`${version}: the job after it had ${tokens.has(runs.at(-1).token) ? 'the same' : 'another'} token`);
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
