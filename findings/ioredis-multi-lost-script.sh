#!/usr/bin/env bash
# In a MULTI of ioredis a script that the server has lost is skipped, and the rest is applied.
#
# Versions: ioredis 5.4.0 and 6.0.0, on redis-server 7.0.15 and Node 20.20.2.
#
# Guess: A command made with `defineCommand()` loads its script again when the server does not have it any more. It
# does so in a transaction too, or else nothing of the transaction is applied.
#
# What happens: ioredis sends EVALSHA once it has seen the script loaded. Alone, and in a pipeline, it falls back to
# EVAL after NOSCRIPT. In a MULTI it cannot: the error is in the list that `exec()` resolves with, and the other
# commands are applied.
#
# Matters: A restart, a failover or SCRIPT FLUSH empties the cache of scripts. The next transaction that mixes a script
# with other commands is half applied, and `exec()` does not reject: check each result, or do all in one script.
#
# Output seen, and expected:
#   > 5.4.0: MULTI: before OK, put NOSCRIPT, after OK; stored 1, nothing, 3
#   > 5.4.0: pipeline: before OK, put OK, after OK; stored 1, 2, 3
#   > 6.0.0: MULTI: before OK, put NOSCRIPT, after OK; stored 1, nothing, 3
#   > 6.0.0: pipeline: before OK, put OK, after OK; stored 1, 2, 3
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
  ioredis-5.4.0@npm:ioredis@5.4.0 ioredis-6.0.0@npm:ioredis@6.0.0 || exit 2

redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --appendonly no --dir "$folder" > redis.log 2>&1 &
server=$!
until grep -q 'Ready to accept\|ready to accept' redis.log; do
  kill -0 "$server" 2> /dev/null || { cat redis.log >&2; exit 2; }
  sleep 0.05
done
export REDIS_SOCKET="$folder/redis.sock"

cat > finding.mjs << 'EOF'
import { appendFileSync } from 'node:fs';
const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

for (const version of ['5.4.0', '6.0.0']) {
  const { Redis } = await import(`ioredis-${version}`);
  const redis = new Redis(process.env.REDIS_SOCKET);
  redis.defineCommand('put', { numberOfKeys: 1, lua: "return redis.call('SET', KEYS[1], ARGV[1])" });
  for (const how of ['MULTI', 'pipeline']) {
    await redis.put('b', '0');
    await redis.del('a', 'b', 'c');
    await redis.script('FLUSH');
    const batch = how === 'MULTI' ? redis.multi() : redis.pipeline();
    const results = await batch.set('a', '1').put('b', '2').set('c', '3').exec();
    const [before, put, after] = results.map(([error, result]) => (error ? error.message.split(' ')[0] : result));
    const stored = (await redis.mget('a', 'b', 'c')).map((value) => value ?? 'nothing');
    see(`${version}: ${how}: before ${before}, put ${put}, after ${after}; stored ${stored.join(', ')}`);
  }
  redis.disconnect();
}
process.exit();
EOF

touch seen
node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
