import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import type { V1Node } from "@kubernetes/client-node";
import { parse, stringify } from "yaml";

/**
 * Two workers and `infraNodes` infra nodes, played by kwok. The default of `startControlPlane` is two: an
 * image registry with two replicas refuses to share a host, so prod placed on infra nodes needs both.
 */
export function nodes(infraNodes: number): V1Node[] {
  const named = (role: string, count: number) =>
    Array.from({ length: count }, (_, i) => node(`${role}-${i}`, role));
  return [...named("worker", 2), ...named("infra", infraNodes)];
}

function node(name: string, role: string): V1Node {
  const roleLabel = `node-role.kubernetes.io/${role}`;
  const resources = { cpu: "4", memory: "16Gi", pods: "250" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        [roleLabel]: "",
      },
    },
    spec: role === "infra" ? { taints: [{ key: roleLabel, effect: "NoSchedule" }] } : {},
    status: { allocatable: resources, capacity: resources },
  };
}

/** What kwok may do on the cluster: play nodes and their pods. */
export function kwokPermissions() {
  const metadata = { name: "kwok" };
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata,
      rules: [
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
        {
          apiGroups: [""],
          resources: ["pods"],
          verbs: ["get", "list", "watch", "patch", "update", "delete"],
        },
        { apiGroups: [""], resources: ["nodes/status", "pods/status"], verbs: ["patch", "update"] },
        { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] },
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          verbs: ["get", "list", "watch", "create", "patch", "update"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "kwok" }],
    },
  ];
}

/** Joins kwok's stages into its configuration file. A pod takes a second to get ready, so that a rollout can be seen. */
export function writeStages(from: string, to: string): void {
  const stages = readdirSync(from).map((file) => {
    const stage = parse(readFileSync(path.join(from, file), "utf8")) as {
      metadata: { name: string };
      spec: { delay?: object };
    };
    if (stage.metadata.name === "pod-ready") stage.spec.delay = { durationMilliseconds: 1000 };
    return stringify(stage);
  });
  writeFileSync(to, stages.join("---\n"));
}
