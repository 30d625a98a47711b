#!/usr/bin/env bash
# Under Yarn Plug'n'Play a file handle of Node cannot be synchronized, and says so before there is a promise.
#
# Versions: @yarnpkg/cli-dist 4.18.1 with nodeLinker: pnp, on Node 20.20.2.
#
# Guess: Plug'n'Play changes how packages are found. Files outside of its archives are those of Node: a handle that
# `fs.promises.open()` gives can do what it does elsewhere, and what it cannot do rejects.
#
# What happens: The handle is Yarn's own, for every file of the machine. `sync()` and `datasync()` throw "Method not
# implemented." without a code, and not as a rejection: a `catch()` behind the call does not see it. `fs.fsync()` works
# with the descriptor of the same handle.
#
# Matters: Who writes a file, synchronizes it, and only then gives it its name, writes nothing there, or loses it in a
# power cut if the error is passed over. Synchronize by the descriptor.
#
# Output seen, and expected:
#   > Node: sync() is done; datasync() is done; fsync() of its descriptor is done
#   > Yarn Plug'n'Play: sync() throws at once; datasync() throws at once; fsync() of its descriptor is done
set -euo pipefail

for tool in node npm; do
  command -v "$tool" > /dev/null || { echo "$tool is not in PATH" >&2; exit 2; }
done
expected=$(sed -n 's/^#   > //p' "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
mkdir yarn project
npm install --prefix yarn --no-save --no-audit --no-fund --loglevel=error @yarnpkg/cli-dist@4.18.1 >&2 || exit 2
cd project
echo '{ "private": true, "name": "project" }' > package.json
touch yarn.lock
YARN_NODE_LINKER=pnp YARN_ENABLE_GLOBAL_CACHE=false YARN_ENABLE_TELEMETRY=false YARN_ENABLE_IMMUTABLE_INSTALLS=false \
  node ../yarn/node_modules/@yarnpkg/cli-dist/bin/yarn.js install >&2 || exit 2

cat > finding.cjs << 'EOF'
const fs = require('node:fs');
const { appendFileSync } = fs;
const { promisify } = require('node:util');

setTimeout(() => {
  console.error('not done after 30 seconds');
  process.exit(1);
}, 30_000).unref();

async function outcome(work) {
  let promise;
  try {
    promise = work();
  } catch {
    return 'throws at once';
  }
  return promise.then(() => 'is done', () => 'rejects');
}

async function main() {
  const handle = await fs.promises.open('file', 'w');
  await handle.writeFile('text');
  const calls = {
    'sync()': () => handle.sync(),
    'datasync()': () => handle.datasync(),
    'fsync() of its descriptor': () => promisify(fs.fsync)(handle.fd),
  };
  const parts = [];
  for (const [name, work] of Object.entries(calls)) parts.push(`${name} ${await outcome(work)}`);
  await handle.close();
  appendFileSync('../seen', `${process.argv[2]}: ${parts.join('; ')}\n`);
}
main();
EOF

touch ../seen
node finding.cjs Node >&2 || echo 'the program failed' >> ../seen
node --require ./.pnp.cjs finding.cjs "Yarn Plug'n'Play" >&2 || echo 'the program failed' >> ../seen
cat ../seen
[ "$(cat ../seen)" = "$expected" ] || { printf 'this has changed; expected was:\n%s\n' "$expected" >&2; exit 1; }
