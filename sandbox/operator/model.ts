import type { KubernetesObject, V1Secret } from "@kubernetes/client-node";

import type { ConfigSpec, ConfigStatus, ImagePrunerSpec, ImagePrunerStatus } from "../../crds/types";

export const namespace = "openshift-image-registry";
export const group = "imageregistry.operator.openshift.io";
export const apiVersion = `${group}/v1`;
export const finalizer = `${group}/finalizer`;
/** The real operator writes with Update under its program's name, so the fields it writes are this manager's. */
export const fieldManager = "cluster-image-registry-operator";

export const deploymentLabels = { "docker-registry": "default" };
export const privateConfiguration = "image-registry-private-configuration";

export interface Config extends KubernetesObject {
  spec: ConfigSpec & { storage: NonNullable<ConfigSpec["storage"]> };
  status: ConfigStatus;
}

export interface ImagePruner extends KubernetesObject {
  spec: ImagePrunerSpec;
  status: ImagePrunerStatus;
}

/** What a reconcile pass reads besides the Config itself. */
export interface Surroundings {
  /** The claim that spec.storage.pvc names, or the operator's own when it names none. */
  readonly claim?: KubernetesObject & { spec?: { accessModes?: string[] } };
  /** The administrator's object storage keys: Secret image-registry-private-configuration-user. */
  readonly keys?: V1Secret;
  /** Whether any node has a topology.kubernetes.io/zone label. */
  readonly zones: boolean;
}

/** An error that trying again cannot mend: reported as Degraded, and not tried again. */
export class PermanentError extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}
