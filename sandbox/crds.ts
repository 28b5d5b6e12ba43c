import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

import {
  ApiextensionsV1Api,
  CustomObjectsApi,
  PatchStrategy,
  setHeaderOptions,
  type V1CustomResourceDefinition,
} from "@kubernetes/client-node";
import { parse } from "yaml";

import { connect } from "./connect";
import { sleep } from "./wait";

/** Brings the cluster's CRDs to what the files of `folder` say, and waits until the API serves them. */
export async function installCrds(kubeconfig: string, folder: string): Promise<void> {
  const config = connect(kubeconfig);
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const crds = files.map(
    (name) => parse(readFileSync(path.join(folder, name), "utf8")) as V1CustomResourceDefinition,
  );
  // As custom objects, for client-node's own type of a CRD would drop every x-kubernetes- keyword from the schema.
  const objects = config.makeApiClient(CustomObjectsApi);
  const apply = setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply);
  const kind = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
  for (const crd of crds) {
    const request = { ...kind, name: crd.metadata!.name!, body: crd, fieldManager: "sandbox", force: true };
    await objects.patchClusterCustomObject(request, apply);
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
