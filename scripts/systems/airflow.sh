#!/bin/bash
# Airflow with SQLite and LocalExecutor, for a drill: installed from PyPI the first time, then running until it is interrupted.
# Usage: airflow.sh FOLDER [port]; its user is `drill` with the password `drill`, and its DAG `drill` sleeps for conf.seconds.
set -euo pipefail
VERSION=3.3.2
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/airflow-$VERSION
[ -e "$home/ready" ] || {
  python3 -m venv "$home"
  "$home/bin/pip" install -q "apache-airflow==$VERSION"
  touch "$home/ready"
}
folder=$1
port=${2:-8080}
mkdir -p "$folder/dags"
echo '{"drill": "drill"}' >"$folder/passwords.json"
cat >"$folder/dags/drill.py" <<'PYTHON'
import time

from airflow.sdk import dag, task


@dag(dag_id="drill", schedule=None, catchup=False, max_active_runs=20)
def drill():
    @task
    def work(dag_run=None):
        time.sleep(dag_run.conf.get("seconds", 1))

    work()


drill()
PYTHON
export AIRFLOW_HOME=$folder PATH=$home/bin:$PATH
export AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False AIRFLOW__CORE__EXECUTOR=LocalExecutor
export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=drill:admin AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$folder/passwords.json
export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$port AIRFLOW__API__BASE_URL=http://127.0.0.1:$port AIRFLOW__API__WORKERS=1
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$port/execution/ AIRFLOW__API_AUTH__JWT_SECRET=drill-drill-drill-drill-drill-drill
export AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=10 AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=1
airflow db migrate >"$folder/migrate.log" 2>&1
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder/airflow.db"' EXIT
trap exit INT TERM
airflow api-server >"$folder/api-server.log" 2>&1 &
airflow scheduler >"$folder/scheduler.log" 2>&1 &
airflow dag-processor >"$folder/dag-processor.log" 2>&1 &
wait
