import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import {
  ApiextensionsV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { parse } from "yaml";

import { sleep } from "./wait";

/** Brings the cluster's CRDs to what the files of `folder` say, and waits until the API serves them. */
export async function installCrds(kubeconfig: string, folder: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const objects = KubernetesObjectApi.makeApiClient(config);
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const crds = files.map(
    (name) => parse(readFileSync(path.join(folder, name), "utf8")) as V1CustomResourceDefinition,
  );
  for (const crd of crds) {
    await objects.patch(crd, undefined, undefined, "sandbox", true, PatchStrategy.ServerSideApply);
  }
  const api = config.makeApiClient(ApiextensionsV1Api);
  for (const crd of crds) {
    while (!isEstablished(await api.readCustomResourceDefinition({ name: crd.metadata!.name! })))
      await sleep(50);
  }
}

function isEstablished({ status }: V1CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false;
}
