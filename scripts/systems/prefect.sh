#!/bin/bash
# A Prefect server with SQLite and a process that serves one deployment, for a drill: installed from PyPI the first time, then running
# until it is interrupted.
# Usage: prefect.sh FOLDER [port]; writes FOLDER/deployment, the ID of a deployment whose flow takes { seconds, name } and appends
# the name to FOLDER/runs.
set -euo pipefail
VERSION=3.9.1
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/prefect-$VERSION
[ -e "$home/ready" ] || {
  python3 -m venv "$home"
  "$home/bin/pip" install -q "prefect==$VERSION"
  touch "$home/ready"
}
folder=$1
port=${2:-4200}
mkdir -p "$folder"
export DRILL_FOLDER=$folder PREFECT_HOME=$folder/home PREFECT_API_URL=http://127.0.0.1:$port/api DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
cat >"$folder/flow.py" <<'PYTHON'
import asyncio
import os
import time

from prefect import flow
from prefect.runner import Runner

folder = os.environ["DRILL_FOLDER"]


@flow(name="drill")
def drill(name: str = "none", seconds: float = 1):
    with open(f"{folder}/runs", "a") as runs:
        runs.write(f"{name}\n")
    time.sleep(seconds)


async def main():
    runner = Runner(query_seconds=1, limit=20)
    deployment = await runner.aadd_deployment(await drill.ato_deployment("drill"))
    with open(f"{folder}/deployment", "w") as file:
        file.write(str(deployment))
    await runner.start()


if __name__ == "__main__":
    asyncio.run(main())
PYTHON
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder/home"' EXIT
trap exit INT TERM
"$home/bin/prefect" server start --host 127.0.0.1 --port "$port" --no-ui >"$folder/server.log" 2>&1 &
until curl -sf "$PREFECT_API_URL/health" >/dev/null; do sleep 0.5; done
(cd "$folder" && exec "$home/bin/python" flow.py >"$folder/flow.log" 2>&1) &
wait
