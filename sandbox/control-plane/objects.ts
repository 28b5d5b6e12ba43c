import {
  ApiException,
  CoreV1Api,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1Node,
} from "@kubernetes/client-node";

import { connect } from "../connect";

/** Creates what is not there yet, and leaves alone what is. */
export async function createMissing(kubeconfig: string, objects: readonly KubernetesObject[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(connect(kubeconfig));
  for (const object of objects) {
    try {
      await api.create(object);
    } catch (error) {
      if (!(error instanceof ApiException && error.code === 409)) throw error;
    }
  }
}

/** Whether pods can be created and find a node. */
export async function takesPods(kubeconfig: string): Promise<boolean> {
  const api = connect(kubeconfig).makeApiClient(CoreV1Api);
  const { items: nodes } = await api.listNode();
  const { items: accounts } = await api.listNamespacedServiceAccount({ namespace: "default" });
  return nodes.every(isReady) && accounts.length > 0;
}

/** Whether a node is Ready, and rid of the taint it is born with, which is taken away some time after that. */
export function isReady({ spec, status }: V1Node): boolean {
  const isTainted = spec?.taints?.some(({ key }) => key === "node.kubernetes.io/not-ready") ?? false;
  return (
    !isTainted && !!status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  );
}
