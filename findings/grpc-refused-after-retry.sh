#!/usr/bin/env bash
# gRPC says that no connection was established, though the server has read the call.
#
# Versions: @grpc/grpc-js 1.14.7 against a small HTTP/2 server of the script, on Node 20.20.2.
#
# Guess: "No connection established. Last error: connect ECONNREFUSED" ends a call that never left.
#
# What happens: A retry policy in the service configuration repeats the call after the server has read it and died.
# The error is that of the last try, in the same words. Only its metadata tells, with `grpc-previous-rpc-attempts`. And
# a server that hands on the error of its own backend makes the client throw the same code and sentence.
#
# Matters: Who takes this sentence for "not sent" and submits again makes a job twice. Look at the metadata, and turn
# retries off (`grpc.enable_retries: 0`) for a call that must not be repeated.
#
# Output seen, and expected:
#   > refused at once: 14 No connection established (calls read: 0, previous attempts: none)
#   > read, then died, with a retry policy: 14 No connection established (calls read: 1, previous attempts: 2)
#   > handed on by the server: 14 No connection established (calls read: 1, previous attempts: none)
set -euo pipefail

for tool in node npm; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-save --no-audit --no-fund --loglevel=error @grpc/grpc-js@1.14.7 || exit 2

cat > finding.mjs << 'END'
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import grpc from '@grpc/grpc-js';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

let read = 0;
const start = async (answer) => {
  const sessions = new Set();
  const server = createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  const stop = () => {
    server.close();
    for (const session of sessions) session.destroy();
  };
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.resume().on('end', () => {
      read += 1;
      answer(stream, stop);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { target: `127.0.0.1:${server.address().port}`, stop };
};

const call = async (target, options = {}) => {
  read = 0;
  const client = new grpc.Client(target, grpc.credentials.createInsecure(), options);
  const bytes = (value) => value;
  const error = await new Promise((resolve) => {
    client.makeUnaryRequest('/jobs.Jobs/Create', bytes, bytes, Buffer.from('job'), resolve);
  });
  client.close();
  const words = error.details.split('.')[0];
  const previous = error.metadata.get('grpc-previous-rpc-attempts').join() || 'none';
  return `${error.code} ${words} (calls read: ${read}, previous attempts: ${previous})`;
};

const gone = await start(() => {});
gone.stop();
see(`refused at once: ${await call(gone.target)}`);

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: '0.05s',
  maxBackoff: '0.05s',
  backoffMultiplier: 1,
  retryableStatusCodes: ['UNAVAILABLE'],
};
const config = { 'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }) };
const dying = await start((_stream, stop) => stop());
see(`read, then died, with a retry policy: ${await call(dying.target, config)}`);

const message = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1';
const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14', 'grpc-message': message };
const gateway = await start((stream) => stream.respond(headers, { endStream: true }));
see(`handed on by the server: ${await call(gateway.target)}`);
process.exit();
END

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
