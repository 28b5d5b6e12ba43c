import * as path from "node:path";

import { stringify } from "yaml";

import type { Layout } from "./layout";

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
}

/** Command lines, with what differs from a production cluster explained. */
export function etcd({ pki, cluster }: Layout, ports: Ports): string[] {
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  return flags({
    name: "sandbox",
    "data-dir": path.join(cluster, "etcd"),
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `sandbox=${peer}`,
    "client-cert-auth": true,
    "trusted-ca-file": path.join(pki, "ca.crt"),
    "cert-file": path.join(pki, "server.crt"),
    "key-file": path.join(pki, "server.key"),
    "peer-client-cert-auth": true,
    "peer-trusted-ca-file": path.join(pki, "ca.crt"),
    "peer-cert-file": path.join(pki, "server.crt"),
    "peer-key-file": path.join(pki, "server.key"),
    "unsafe-no-fsync": true, // a sandbox that lost its power starts anew
  });
}

export function apiServer(
  { pki, auditPolicy, auditLog }: Layout,
  ports: Ports,
  isAudited: boolean,
): string[] {
  return flags({
    ...(isAudited && { "audit-policy-file": auditPolicy, "audit-log-path": auditLog }),
    "etcd-servers": `https://127.0.0.1:${ports.etcd}`,
    "etcd-cafile": path.join(pki, "ca.crt"),
    "etcd-certfile": path.join(pki, "kube-apiserver.crt"),
    "etcd-keyfile": path.join(pki, "kube-apiserver.key"),
    "bind-address": "127.0.0.1",
    "advertise-address": "127.0.0.1",
    "secure-port": ports.apiServer,
    "endpoint-reconciler-type": "none", // the API refuses a loopback address in Endpoints; no pod here needs it
    "tls-cert-file": path.join(pki, "server.crt"),
    "tls-private-key-file": path.join(pki, "server.key"),
    "client-ca-file": path.join(pki, "ca.crt"),
    "kubelet-certificate-authority": path.join(pki, "ca.crt"),
    "kubelet-client-certificate": path.join(pki, "kube-apiserver.crt"),
    "kubelet-client-key": path.join(pki, "kube-apiserver.key"),
    "anonymous-auth": false,
    "authorization-mode": "Node,RBAC",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": path.join(pki, "service-account.pub"),
    "service-account-signing-key-file": path.join(pki, "service-account.key"),
    "service-cluster-ip-range": "172.30.0.0/16", // OpenShift's default
  });
}

export function controllerManager({ pki, kubeconfigs }: Layout): string[] {
  return flags({
    kubeconfig: kubeconfigs["kube-controller-manager"],
    "secure-port": 0, // serves nothing
    "leader-elect": false,
    "use-service-account-credentials": true,
    "service-account-private-key-file": path.join(pki, "service-account.key"),
    "root-ca-file": path.join(pki, "ca.crt"),
    "kube-api-qps": 500, // default 20: every controller asks for its account first, and the start took 4 s of waiting
    "kube-api-burst": 1000,
    "pvclaimbinder-sync-period": "2s", // default 15s: how long a claim may wait for a volume that came after it
  });
}

export function scheduler({ kubeconfigs }: Layout): string[] {
  return flags({ kubeconfig: kubeconfigs["kube-scheduler"], "secure-port": 0, "leader-elect": false });
}

export function kwok({ kubeconfigs, stages }: Layout): string[] {
  return flags({
    kubeconfig: kubeconfigs.kwok,
    config: stages,
    "manage-all-nodes": false,
    "manage-nodes-with-annotation-selector": "kwok.x-k8s.io/node=fake",
    cidr: "10.128.0.0/14", // OpenShift's default pod network
    "node-lease-duration-seconds": 40,
  });
}

/** Every request once, when it is answered, without its body. */
export const auditPolicy = stringify({
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [{ level: "Metadata" }],
});

function flags(values: Record<string, string | number | boolean>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
