#!/bin/sh
# Keeps one process only as long as the one that started us lives. Our standard input is a pipe whose other end that process
# holds: it ends when the process exits, however it dies, SIGKILL included. Then the kept process is killed and its folder
# removed; no other signal is heard. Usage: keeper.sh <folder to remove> <command> [arguments]
trap '' HUP INT TERM
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
kept=$!
{ cat <&3 >/dev/null; kill -KILL "$kept" 2>/dev/null; rm -rf "$folder"; } &
wait "$kept"
code=$?
rm -rf "$folder"
exit "$code"
