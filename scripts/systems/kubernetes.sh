#!/bin/bash
# The control plane of Kubernetes, for a drill: etcd, kube-apiserver and the job controller, without a kubelet, so a test ends the pods
# itself. Built with Go from its modules the first time (about ten minutes on two cores), then running until it is interrupted.
# Usage: kubernetes.sh FOLDER [port]; writes FOLDER/token and FOLDER/tls/apiserver.crt, for KUBERNETES_TOKEN_FILE and NODE_EXTRA_CA_CERTS.
set -euo pipefail
VERSION=1.35.0
ETCD=3.6.5
home=${XDG_CACHE_HOME:-$HOME/.cache}/mooring/systems/kubernetes-$VERSION

build() {
  source=$(go mod download -json "k8s.io/kubernetes@v$VERSION" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
  # The staging modules have the version of the whole, with 0 in front.
  staged=v0.${VERSION#1.}
  {
    sed -E -e 's/^module .*/module kube/' -e "s#(k8s\.io/[^ ]+) => \./staging/src/(k8s\.io/[^ ]+)#\1 => \2 $staged#" \
      -e "s#(k8s\.io/[^ ]+) v0\.0\.0\$#\1 $staged#" "$source"
    echo "require k8s.io/kubernetes v$VERSION"
    echo "require go.etcd.io/etcd/server/v3 v$ETCD"
  } >go.mod
  cat >main.go <<'GO'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(manager.NewControllerManagerCommand()))
	}
}
GO
  flags="-X k8s.io/component-base/version.gitVersion=v$VERSION"
  CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -ldflags "-s -w $flags" -o kube .
}

[ -x "$home/kube" ] || { mkdir -p "$home" && (cd "$home" && build); }
folder=$1
port=${2:-6443}
kube=$home/kube
mkdir -p "$folder/tls"
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$folder/token"
echo "$(cat "$folder/token"),drill,drill" >"$folder/tokens.csv"
openssl genrsa -out "$folder/tls/accounts.key" 2048 2>/dev/null
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$folder/etcd"' EXIT
trap exit INT TERM
"$kube" etcd --data-dir "$folder/etcd" --listen-client-urls "http://127.0.0.1:$((port + 1))" \
  --advertise-client-urls "http://127.0.0.1:$((port + 1))" --listen-peer-urls "http://127.0.0.1:$((port + 2))" \
  --initial-advertise-peer-urls "http://127.0.0.1:$((port + 2))" --initial-cluster "default=http://127.0.0.1:$((port + 2))" \
  >"$folder/etcd.log" 2>&1 &
"$kube" kube-apiserver --etcd-servers "http://127.0.0.1:$((port + 1))" --bind-address 127.0.0.1 --secure-port "$port" \
  --cert-dir "$folder/tls" --token-auth-file "$folder/tokens.csv" --authorization-mode AlwaysAllow \
  --disable-admission-plugins ServiceAccount --endpoint-reconciler-type none --service-cluster-ip-range 10.0.0.0/24 \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$folder/tls/accounts.key" \
  --service-account-signing-key-file "$folder/tls/accounts.key" >"$folder/apiserver.log" 2>&1 &
apiserver=$!
cat >"$folder/kubeconfig" <<CONF
apiVersion: v1
kind: Config
current-context: drill
clusters: [{ name: drill, cluster: { server: "https://127.0.0.1:$port", insecure-skip-tls-verify: true } }]
users: [{ name: drill, user: { token: "$(cat "$folder/token")" } }]
contexts: [{ name: drill, context: { cluster: drill, user: drill } }]
CONF
until curl -sfk -H "authorization: Bearer $(cat "$folder/token")" "https://127.0.0.1:$port/readyz" >/dev/null; do
  kill -0 $apiserver
  sleep 0.2
done
"$kube" kube-controller-manager --kubeconfig "$folder/kubeconfig" --secure-port 0 --leader-elect=false \
  --controllers job-controller,ttl-after-finished-controller,garbage-collector-controller,namespace-controller \
  >"$folder/controller-manager.log" 2>&1 &
wait
