import type { V1ConfigMap, V1Secret } from "@kubernetes/client-node";
import { s3Secret } from "../../backends/s3";
import { type ClusterClient, ClusterError } from "../../kubernetes/client";
import type { Reference } from "../finding";
import type { RegistryPlan } from "../plan";
import { registryNamespace } from "./registry";
import { isOwn } from "./s3-keys";

/** Where an installer of OpenShift leaves the operator's own keys, on AWS and with STS. */
const cloudCredentials = "installer-cloud-credentials";

/** Without them the operator stops with a condition, after the stack has changed everything else. */
export function referencesOf({ settings, storage, backend }: RegistryPlan): Reference[] {
  const { trustedCA, cloudFront } = storage.s3 ?? {};
  const secret = (field: string, name: string, keys: string[]): Reference => ({
    field,
    kind: "Secret",
    name,
    namespace: registryNamespace,
    keys,
  });
  const routes = (settings.routes ?? []).flatMap(({ secretName }, index) =>
    secretName ? [secret(`registry.routes[${index}].secretName`, secretName, ["tls.crt", "tls.key"])] : [],
  );
  const { name = "", key } = cloudFront?.privateKey ?? { key: "" };
  const signing = cloudFront ? [secret("s3.cloudFront.privateKey.name", name, [key])] : [];
  const authority: Reference[] = trustedCA?.name
    ? [
        {
          field: "s3.trustedCA",
          kind: "ConfigMap",
          name: trustedCA.name,
          namespace: "openshift-config",
          keys: ["ca-bundle.crt"],
        },
      ]
    : [];
  const ownKeys =
    storage.s3 && !backend.needs?.s3Keys
      ? [
          {
            ...secret("s3AccessKey", s3Secret.name, [s3Secret.accessKey, s3Secret.secretKey]),
            instead: [cloudCredentials],
          },
        ]
      : [];
  return [...routes, ...signing, ...authority, ...ownKeys];
}

/** Those that the cluster does not have. What the stack's user may not read is taken to be there. */
export async function missingReferences(client: ClusterClient, plan: RegistryPlan): Promise<Reference[]> {
  if (plan.managementState !== "Managed") return [];
  const asked = await Promise.all(
    referencesOf(plan).map(async (reference) => {
      const names = [reference.name, ...(reference.instead ?? [])];
      const found = await Promise.all(
        names.map((name) => isThere(client, { ...reference, name }, reference.name === name)),
      );
      return found.includes(true) ? [] : [reference];
    }),
  );
  return asked.flat();
}

async function isThere(
  client: ClusterClient,
  { kind, name, namespace, keys }: Reference,
  withKeys: boolean,
): Promise<boolean> {
  try {
    const object = await client.get<V1Secret | V1ConfigMap>("v1", kind, name, namespace);
    // Keys that the stack made go when it gives none any more.
    if (object === undefined || isOwn(object)) return false;
    return !withKeys || keys.every((key) => object.data?.[key] !== undefined);
  } catch (error) {
    if (error instanceof ClusterError && error.code === 403) return true;
    throw error;
  }
}
