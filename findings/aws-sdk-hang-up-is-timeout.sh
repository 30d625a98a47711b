#!/usr/bin/env bash
# The AWS SDK calls a connection that broke a TimeoutError, like one that never came about.
#
# Versions: @aws-sdk/client-s3 3.1169.0 (@smithy/node-http-handler 4.14.2) against small servers of the script, on
# Node 20.20.2.
#
# Guess: `TimeoutError` means that a limit in time was reached: `connectionTimeout` or `requestTimeout`.
#
# What happens: If the server reads the request and closes the connection at once, the error of Node (`socket hang up`,
# ECONNRESET) is renamed to TimeoutError. No limit was set in the script. A refused connection keeps its name.
#
# Matters: A job that was submitted may exist after such an error, and does not after a time-out of the connect phase.
# The name does not tell them apart; only the first has a `code`.
#
# Output seen, and expected:
#   > read, then hung up: TimeoutError, code ECONNRESET (requests read: 1, in less than a second)
#   > no connection in 300 ms: TimeoutError, code undefined
#   > refused: Error, code ECONNREFUSED
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
npm install --no-save --no-audit --no-fund --loglevel=error \
  @aws-sdk/client-s3@3.1169.0 @smithy/node-http-handler@4.14.2 || exit 2

cat > finding.mjs << 'END'
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

let read = 0;
const server = createServer((request) => {
  request.resume().on('end', () => {
    read += 1;
    request.socket.destroy();
  });
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const closed = createServer();
await once(closed.listen(0, '127.0.0.1'), 'listening');
const { port } = closed.address();
await once(closed.close(), 'close');

const send = async (endpoint, requestHandler = {}) => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1, requestHandler });
  const error = await client.send(new CreateBucketCommand({ Bucket: 'jobs' })).catch((failure) => failure);
  return `${error.name}, code ${error.code}`;
};

const began = Date.now();
const hungUp = await send(`http://127.0.0.1:${server.address().port}`);
const took = Date.now() - began < 1_000 ? 'less' : 'more';
see(`read, then hung up: ${hungUp} (requests read: ${read}, in ${took} than a second)`);
// The name of this host is looked up for ever.
const httpAgent = new Agent({ lookup: () => {} });
see(`no connection in 300 ms: ${await send('http://silent.test', { connectionTimeout: 300, httpAgent })}`);
see(`refused: ${await send(`http://127.0.0.1:${port}`)}`);
process.exit();
END

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
