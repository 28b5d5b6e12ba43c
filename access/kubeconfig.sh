#!/usr/bin/env bash
# Writes a kubeconfig of a ServiceAccount of this folder to FILE, with one context, NAME. CONTEXT is yours, of somebody who
# may create tokens on that cluster; nothing of that user gets into the file. It needs oc 4.11 or kubectl 1.24, or newer.
set -euo pipefail
umask 077

if [[ $# -lt 4 || $# -gt 6 ]]; then
  echo "usage: access/kubeconfig.sh CONTEXT NAME NAMESPACE FILE [DURATION] [ACCOUNT]" >&2
  echo "such as: access/kubeconfig.sh prod-admin prod openshift-image-registry ~/.kube/registry-prod 720h" >&2
  exit 2
fi
context=$1 name=$2 namespace=$3 file=$4 duration=${5:-720h} account=${6:-image-registry-stack}
kubectl=$(command -v oc || command -v kubectl) || { echo "error: neither oc nor kubectl is on PATH" >&2; exit 1; }

cluster=$("$kubectl" config view --context "$context" --minify --flatten --output 'jsonpath={.clusters[0].cluster}')
token=$("$kubectl" --context "$context" --namespace "$namespace" create token "$account" --duration "$duration")

# Whole or not at all: a file that is there stays as it is until then. Every name is NAME, so that KUBECONFIG can list this
# file beside others: client libraries refuse two clusters or users of one name.
trap 'rm -f -- "$file.new"' EXIT
cat >"$file.new" <<KUBECONFIG
apiVersion: v1
kind: Config
clusters:
  - name: "$name"
    cluster: $cluster
users:
  - name: "$name"
    user: { token: "$token" }
contexts:
  - name: "$name"
    context: { cluster: "$name", user: "$name", namespace: $namespace }
current-context: "$name"
KUBECONFIG
mv "$file.new" "$file"
