#!/bin/bash
# moto, an emulator of AWS, for `npx tsx scripts/systems/aws.ts`: installed from PyPI the first time, then running until it is interrupted.
# Usage: moto.sh [port]
set -euo pipefail
VERSION=5.2.5
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/moto-$VERSION
[ -e "$home/ready" ] || {
  python3 -m venv "$home"
  "$home/bin/pip" install -q "moto[server]==$VERSION"
  touch "$home/ready"
}
exec "$home/bin/moto_server" -H 127.0.0.1 -p "${1:-5000}"
