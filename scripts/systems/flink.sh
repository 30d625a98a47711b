#!/bin/bash
# A Flink session cluster of one node, for a drill: its JARs come from PyPI the first time, then it runs until it is interrupted.
# Needs Java 17 with javac, and pip.
# Usage: flink.sh FOLDER [port]; writes FOLDER/jar, the ID of an uploaded JAR whose class Drill takes two arguments: the name of the job,
# and how many seconds it lasts.
set -euo pipefail
VERSION=2.3.0
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/flink-$VERSION
[ -e "$home/ready" ] || {
  mkdir -p "$home"
  [ -e "$home"/*.whl ] || pip download -q --no-deps -d "$home" "apache-flink-libraries==$VERSION"
  python3 -m zipfile -e "$home"/*.whl "$home"
  rm "$home"/*.whl
  touch "$home/ready"
}
folder=$1
port=${2:-8081}
mkdir -p "$folder/conf" "$folder/classes"
cat >"$folder/conf/config.yaml" <<CONF
jobmanager: { rpc: { address: 127.0.0.1, port: $((port + 1)) }, bind-host: 127.0.0.1, memory: { process: { size: 1200m } } }
taskmanager: { host: 127.0.0.1, bind-host: 127.0.0.1, numberOfTaskSlots: 10, memory: { process: { size: 1200m } } }
rest: { address: 127.0.0.1, bind-address: 127.0.0.1, port: $port }
blob: { server: { port: $((port + 2)) } }
web: { upload: { dir: $folder/upload } }
CONF
cat >"$folder/Drill.java" <<'JAVA'
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

public class Drill {
  public static void main(String[] args) throws Exception {
    long pause = Long.parseLong(args[1]) * 1000;
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    env.fromData(1L).map(value -> { Thread.sleep(pause); return value; }).returns(Long.class).sinkTo(new DiscardingSink<>());
    env.execute(args[0]);
  }
}
JAVA
javac -cp "$home/pyflink/lib/*" -d "$folder/classes" "$folder/Drill.java"
jar --create --file "$folder/drill.jar" --main-class Drill -C "$folder/classes" .
opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.net java.io java.nio java.util java.util.concurrent java.util.concurrent.atomic \
  java.util.concurrent.locks java.text java.time sun.nio.ch; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
flink() { exec java "${opens[@]}" -XX:ActiveProcessorCount=2 -cp "$home/pyflink/lib/*" "$@"; }
export FLINK_LIB_DIR=$home/pyflink/lib FLINK_PLUGINS_DIR=$home/pyflink/plugins
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder/upload"' EXIT
trap exit INT TERM
flink -Xmx512m org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$folder/conf" >"$folder/jobmanager.log" 2>&1 &
flink -Xmx384m -XX:MaxDirectMemorySize=256m org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$folder/conf" \
  -D taskmanager.cpu.cores=2 -D taskmanager.memory.task.heap.size=128m -D taskmanager.memory.managed.size=64m \
  -D taskmanager.memory.network.min=64m -D taskmanager.memory.network.max=64m -D taskmanager.memory.framework.heap.size=128m \
  -D taskmanager.memory.framework.off-heap.size=64m -D taskmanager.memory.task.off-heap.size=0m \
  -D taskmanager.memory.jvm-metaspace.size=256m -D taskmanager.memory.jvm-overhead.min=192m -D taskmanager.memory.jvm-overhead.max=192m >"$folder/taskmanager.log" 2>&1 &
until curl -sf "http://127.0.0.1:$port/taskmanagers" | grep -q '"id"'; do sleep 0.5; done
curl -sf -F "jarfile=@$folder/drill.jar" "http://127.0.0.1:$port/jars/upload" | sed 's/.*"filename":"[^"]*\/\([^"/]*\)".*/\1/' >"$folder/jar"
wait
