import type { KubernetesObject } from "@kubernetes/client-node";

import { kubeletNode } from "../../sandbox/node";
import { exportPath } from "./nfs-machines";

export const namespace = "default";
export const image = "docker.io/library/registry:3";
const name = "image-registry";
const owner = { uid: 1000620000, gid: 0 };

/** As RegistryStorage makes them. */
export function storage(server: string): KubernetesObject[] {
  const size = { storage: "1Gi" };
  const accessModes = ["ReadWriteMany"];
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: size,
      accessModes,
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name },
      mountOptions: ["nfsvers=4.2", "hard"],
      nfs: { server, path: exportPath },
    },
  };
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace },
    spec: { accessModes, resources: { requests: size }, storageClassName: "", volumeName: name },
  };
  return [volume, claim];
}

/** As StandaloneRegistry makes it. */
export function deployment(): KubernetesObject & { spec: object } {
  const labels = { "app.kubernetes.io/name": name };
  const httpGet = { path: "/", port: "registry", scheme: "HTTP" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          nodeSelector: { "kubernetes.io/hostname": kubeletNode },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: owner.uid,
            runAsGroup: owner.gid,
            fsGroup: owner.gid,
            fsGroupChangePolicy: "OnRootMismatch",
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: "registry",
              image,
              ports: [{ name: "registry", containerPort: 5000 }],
              env: Object.entries({
                REGISTRY_HTTP_ADDR: ":5000",
                REGISTRY_HTTP_SECRET: "shared by the replicas",
                REGISTRY_HEALTH_STORAGEDRIVER_ENABLED: "true",
                REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL: "5s",
                REGISTRY_HEALTH_STORAGEDRIVER_THRESHOLD: "1",
                REGISTRY_STORAGE: "filesystem",
                REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/registry",
                OTEL_TRACES_EXPORTER: "none",
              }).map(([name, value]) => ({ name, value })),
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              startupProbe: {
                httpGet,
                initialDelaySeconds: 6,
                periodSeconds: 2,
                timeoutSeconds: 5,
                failureThreshold: 60,
              },
              readinessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
              livenessProbe: { httpGet, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 10 },
              volumeMounts: [{ name: "registry-storage", mountPath: "/registry" }],
            },
          ],
          volumes: [{ name: "registry-storage", persistentVolumeClaim: { claimName: name } }],
        },
      },
    },
  };
}
