#!/bin/bash
# A standalone Spark cluster of one node with the REST server, for a drill: its JARs come from PyPI the first time, then it runs until it
# is interrupted. Needs Java 17 with javac, and pip.
# Usage: spark.sh FOLDER [port]; writes FOLDER/drill.jar, whose class Drill takes two arguments: a file to which it appends a line, and
# how many seconds it lasts. The REST server is at the port, the master's page one above it.
set -euo pipefail
VERSION=4.3.0
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/spark-$VERSION
[ -e "$home/ready" ] || {
  mkdir -p "$home"
  [ -e "$home"/*.tar.gz ] || pip download -q --no-deps -d "$home" "pyspark==$VERSION"
  tar -xzf "$home"/*.tar.gz -C "$home" --strip-components=2 --wildcards '*/deps/jars'
  rm "$home"/*.tar.gz
  touch "$home/ready"
}
folder=$1
port=${2:-6066}
mkdir -p "$folder/classes"
cat >"$folder/Drill.java" <<'JAVA'
import java.nio.file.*;

public class Drill {
  public static void main(String[] args) throws Exception {
    Files.writeString(Path.of(args[0]), "ran\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    Thread.sleep(Long.parseLong(args[1]) * 1000);
  }
}
JAVA
javac -d "$folder/classes" "$folder/Drill.java"
jar --create --file "$folder/drill.jar" -C "$folder/classes" .
# Spark's own environment: where its JARs are, and that drivers are small.
export SPARK_HOME=$home SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1
spark() { exec java -Xmx512m "-Dspark.master.rest.enabled=true" "-Dspark.master.rest.port=$port" -Dspark.master.rest.host=127.0.0.1 \
  --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED -cp "$home/jars/*" "$@"; }
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder/work"' EXIT
trap exit INT TERM
spark org.apache.spark.deploy.master.Master --host 127.0.0.1 --port $((port + 2)) --webui-port $((port + 1)) >"$folder/master.log" 2>&1 &
until curl -sf "http://127.0.0.1:$((port + 1))/json/" >/dev/null; do sleep 0.5; done
spark org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 20 --memory 8g --work-dir "$folder/work" --webui-port 0 \
  "spark://127.0.0.1:$((port + 2))" >"$folder/worker.log" 2>&1 &
wait
