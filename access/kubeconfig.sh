#!/usr/bin/env bash
# Prints a kubeconfig of the stack's own user, ServiceAccount image-registry-stack, with one context, NAME. CONTEXT is
# yours, of somebody who may create tokens on that cluster; nothing of that user gets into what is printed.
set -euo pipefail

if [[ $# -lt 3 || $# -gt 4 ]]; then
  echo "usage: access/kubeconfig.sh CONTEXT NAME NAMESPACE [DURATION]" >&2
  echo "such as: access/kubeconfig.sh prod-admin prod openshift-image-registry 720h" >&2
  exit 2
fi
context=$1 name=$2 namespace=$3 duration=${4:-720h} account=image-registry-stack
kubectl=$(command -v oc || command -v kubectl) || { echo "error: neither oc nor kubectl is on PATH" >&2; exit 1; }

of_context() { "$kubectl" config view --context "$context" --minify --flatten --output "jsonpath=$1"; }
clusters=$(of_context '{.clusters}')
cluster=$(of_context '{.clusters[0].name}')
token=$("$kubectl" --context "$context" --namespace "$namespace" create token "$account" --duration "$duration")

cat <<KUBECONFIG
apiVersion: v1
kind: Config
clusters: $clusters
users:
  - name: $account
    user: { token: "$token" }
contexts:
  - name: "$name"
    context: { cluster: "$cluster", user: $account, namespace: $namespace }
current-context: "$name"
KUBECONFIG
