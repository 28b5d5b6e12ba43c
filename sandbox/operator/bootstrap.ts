import type { KubernetesObject } from "@kubernetes/client-node";

import { apiVersion, finalizer, namespace } from "./model";

/** The namespace as a cluster has it before its operators start. */
export const namespaceObject: KubernetesObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name: namespace,
    annotations: { "openshift.io/node-selector": "", "workload.openshift.io/allowed": "management" },
    labels: {
      "openshift.io/cluster-monitoring": "true",
      "pod-security.kubernetes.io/audit": "privileged",
      "pod-security.kubernetes.io/enforce": "privileged",
      "pod-security.kubernetes.io/warn": "privileged",
    },
  },
};

/** What the operator creates on a platform that has no storage of its own: None, BareMetal, vSphere. */
export const initialConfig = {
  apiVersion,
  kind: "Config",
  metadata: { name: "cluster", finalizers: [finalizer] },
  spec: {
    logLevel: "Normal",
    managementState: "Removed",
    observedConfig: {
      servingInfo: { cipherSuites: ["TLS_AES_128_GCM_SHA256"], minTLSVersion: "VersionTLS12" },
    },
    operatorLogLevel: "Normal",
    proxy: {},
    replicas: 1,
    requests: { read: { maxWaitInQueue: "0s" }, write: { maxWaitInQueue: "0s" } },
    rolloutStrategy: "RollingUpdate",
    storage: {},
    unsupportedConfigOverrides: null,
  },
};

export const initialPruner = {
  apiVersion,
  kind: "ImagePruner",
  metadata: { name: "cluster" },
  spec: {
    failedJobsHistoryLimit: 3,
    ignoreInvalidImageReferences: true,
    keepTagRevisions: 3,
    schedule: "",
    successfulJobsHistoryLimit: 3,
    suspend: false,
  },
};
