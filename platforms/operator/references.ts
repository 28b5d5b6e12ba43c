import type { V1ConfigMap, V1Secret } from "@kubernetes/client-node";
import type { Finding } from "../../backends/backend";
import { s3Secret } from "../../backends/s3";
import { type ClusterClient, ClusterError } from "../../kubernetes/client";
import type { RegistryPlan } from "../plan";
import { registryNamespace } from "./registry";

/** An object that the plan names, and that others make. */
export interface Reference {
  /** The key of the configuration that names it. */
  readonly field: string;
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly namespace: string;
  /** What the operator looks for in it. */
  readonly keys: readonly string[];
  /** Where the operator looks instead, if it is not there. */
  readonly instead?: readonly string[];
  readonly make: string;
}

/** Where an installer of OpenShift leaves the operator's own keys, on AWS and with STS. */
const cloudCredentials = "installer-cloud-credentials";

/** Without them the operator stops with a condition, after the stack has changed everything else. */
export function referencesOf({ settings, storage, backend }: RegistryPlan): Reference[] {
  const { trustedCA, cloudFront } = storage.s3 ?? {};
  const secret = (field: string, name: string, keys: string[], make: string): Reference => ({
    field,
    kind: "Secret",
    name,
    namespace: registryNamespace,
    keys,
    make,
  });
  const routes = (settings.routes ?? []).flatMap(({ secretName }, index) =>
    secretName
      ? [
          secret(
            `registry.routes[${index}].secretName`,
            secretName,
            ["tls.crt", "tls.key"],
            `create secret tls ${secretName} --cert=FILE --key=FILE`,
          ),
        ]
      : [],
  );
  const { name = "", key } = cloudFront?.privateKey ?? { key: "" };
  const signing = cloudFront
    ? [
        secret(
          "s3.cloudFront.privateKey.name",
          name,
          [key],
          `create secret generic ${name} --from-file=${key}=FILE`,
        ),
      ]
    : [];
  const authority: Reference[] = trustedCA?.name
    ? [
        {
          field: "s3.trustedCA",
          kind: "ConfigMap",
          name: trustedCA.name,
          namespace: "openshift-config",
          keys: ["ca-bundle.crt"],
          make: `create configmap ${trustedCA.name} --from-file=ca-bundle.crt=FILE`,
        },
      ]
    : [];
  const ownKeys =
    storage.s3 && !backend.needs?.s3Keys
      ? [
          {
            ...secret("s3AccessKey", s3Secret.name, [s3Secret.accessKey, s3Secret.secretKey], ""),
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
    return object !== undefined && (!withKeys || keys.every((key) => object.data?.[key] !== undefined));
  } catch (error) {
    if (error instanceof ClusterError && error.code === 403) return true;
    throw error;
  }
}

export function missingFindings(missing: readonly Reference[]): Finding[] {
  return missing.map(({ field, kind, name, namespace, keys, instead, make }) => {
    const lacks = `namespace ${namespace} has no ${kind} "${name}" with ${keys.join(" and ")}`;
    const message = instead
      ? `is not given, and the operator has no keys of its own: ${lacks}, and no ${instead.join(", ")}; ` +
        "pulumi config set --secret s3AccessKey, and s3SecretKey"
      : `${lacks}; make it first: oc -n ${namespace} ${make}`;
    return { field, message };
  });
}
