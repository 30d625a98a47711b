#!/usr/bin/env bash
# A refused connection that fetch reports may come after a request that the server has read.
#
# Versions: fetch of Node 20.20.2, 22.23.5 and 24.22.3.
#
# Guess: `TypeError: fetch failed` with the cause ECONNREFUSED means that the request was not sent. If there had been a
# redirect in between, the error would say so, as a response does (`redirected`, `url`).
#
# What happens: The server reads the POST, makes the job and answers 303 See Other or 307, as APIs do that name the new
# job by its URL. The host of that URL refuses. The error has the same name, message, code, system call and fields as
# one of a POST that never left. Only the port differs.
#
# Matters: Who repeats a submit after ECONNREFUSED makes the job twice. Use `redirect: 'manual'` for a request that
# must not be repeated, or watch the requests through undici's diagnostics channels.
#
# Output seen, and expected:
#   > refused at once: fetch failed <- ECONNREFUSED of connect (requests read: 0)
#   > redirected by 303: fetch failed <- ECONNREFUSED of connect (requests read: 1); the fields are the same
#   > redirected by 307: fetch failed <- ECONNREFUSED of connect (requests read: 1); the fields are the same
set -euo pipefail

command -v node > /dev/null || { echo "node is not in PATH" >&2; exit 2; }
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"

cat > finding.mjs << 'END'
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';

const see = (line) => appendFileSync('seen', `${line}\n`);
setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

const listening = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};
const closed = createServer();
const refused = await listening(closed);
await once(closed.close(), 'close');

let read = 0;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    read += 1;
    response.writeHead(Number(request.url.slice(1)), { location: refused }).end();
  });
});
const url = await listening(server);

const post = async (target) => {
  read = 0;
  const error = await fetch(target, { method: 'POST', body: '{"job":1}' }).catch((failure) => failure);
  const { cause } = error;
  const fields = JSON.stringify([error, cause].map((one) => Object.getOwnPropertyNames(one).sort()));
  return { fields, text: `${error.message} <- ${cause.code} of ${cause.syscall} (requests read: ${read})` };
};
const first = await post(refused);
see(`refused at once: ${first.text}`);
for (const status of [303, 307]) {
  const { fields, text } = await post(`${url}/${status}`);
  see(`redirected by ${status}: ${text}; the fields are ${fields === first.fields ? 'the same' : 'others'}`);
}
process.exit();
END

touch seen
NODE_NO_WARNINGS=1 node finding.mjs >&2 || echo 'the program failed' >> seen
cat seen
[ "$(cat seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
