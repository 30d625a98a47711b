#!/bin/bash
# A Slurm cluster of this one node, for a drill, without slurmdbd: runs until it is interrupted. Needs root, and Debian's packages
# slurmctld, slurmd and slurm-client (22.05.8 in Debian 12).
# Usage: slurm.sh [file to write: the configuration, for SLURM_CONF] [MinJobAge in seconds]
set -euo pipefail
data=$(mktemp -d)
host=$(hostname -s)
conf=${1:-$data/slurm.conf}
mkdir "$data/state" "$data/spool"
cat >"$conf" <<CONF
ClusterName=drill
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${SLURMCTLD_PORT:-16817}
SlurmdPort=${SLURMD_PORT:-16818}
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$data/state
SlurmdSpoolDir=$data/spool
SlurmctldPidFile=$data/slurmctld.pid
SlurmdPidFile=$data/slurmd.pid
SlurmctldLogFile=$data/slurmctld.log
SlurmdLogFile=$data/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
MinJobAge=${2:-300}
NodeName=$host NodeAddr=127.0.0.1 CPUs=16 State=UNKNOWN
PartitionName=drill Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
SlurmdParameters=config_overrides
CONF
export SLURM_CONF=$conf
trap 'kill $controller $node 2>/dev/null; wait; rm -rf "$data"' EXIT
trap exit INT TERM
slurmctld -D -f "$conf" >/dev/null 2>&1 &
controller=$!
slurmd -D -f "$conf" -N "$host" >/dev/null 2>&1 &
node=$!
wait $controller
