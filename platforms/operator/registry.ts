import type { KubernetesObject } from "@kubernetes/client-node";
import type { ConfigSpec, ConfigStatus } from "../../crds/types";

/** `configs.imageregistry.operator.openshift.io`, of which a cluster has one, named `cluster`. */
export interface RegistryConfig extends KubernetesObject {
  spec: ConfigSpec;
  status?: ConfigStatus;
}

export const registryApi = "imageregistry.operator.openshift.io/v1";
export const registryName = "cluster";
export const registryNamespace = "openshift-image-registry";
/** The operator's Deployment, and the Service of the same name. */
export const registryDeployment = "image-registry";
/** What runs the operator itself, in the same namespace. */
export const operatorDeployment = "cluster-image-registry-operator";
/** Pods reach the registry here, on every cluster. */
export const internalHostname = `image-registry.${registryNamespace}.svc:5000`;
