#!/bin/bash
# A Ray cluster of one node, for a drill: installed from PyPI the first time, then running until it is interrupted.
# Usage: ray.sh [port of the dashboard]
set -euo pipefail
VERSION=2.60.0
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/ray-$VERSION
[ -e "$home/ready" ] || {
  python3 -m venv "$home"
  "$home/bin/pip" install -q "ray[default]==$VERSION"
  touch "$home/ready"
}
data=$(mktemp -d)
trap 'kill $server 2>/dev/null; wait $server; rm -rf "$data"' EXIT
trap exit INT TERM
export RAY_USAGE_STATS_ENABLED=0 RAY_raylet_start_wait_time_s=300
"$home/bin/ray" start --head --block --num-cpus 2 --port 0 --min-worker-port 0 --max-worker-port 0 --temp-dir "$data" --include-dashboard true \
  --node-ip-address 127.0.0.1 --dashboard-host 127.0.0.1 --dashboard-port "${1:-8265}" --object-store-memory 100000000 &
server=$!
wait $server
