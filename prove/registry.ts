import type { V1Deployment, V1Pod } from "@kubernetes/client-node";
import type { Configuration } from "../config/schema";
import { credentialsOf } from "../kubernetes/credentials";
import { type ClusterConnection, loadKubeconfig } from "../kubernetes/kubeconfig";
import type { connectToPod } from "../kubernetes/port-forward";
import { registryPort } from "../platforms/standalone/registry";
import { basic, type Login } from "./login";
import { Problem } from "./problem";
import type { RegistryAccess } from "./registry-client";

/** Where a proof's image goes: always the same place, so that nothing grows. */
export interface ProofRegistry {
  readonly platform: Configuration["platform"];
  readonly namespace: string;
  /** The last part of the repository's name; on OpenShift the name of its imagestream. */
  readonly name: string;
  readonly repository: string;
  readonly tag: string;
}

const name = "image-registry-proof";

export function registryOf(platform: Configuration["platform"], namespace: string): ProofRegistry {
  // OpenShift's registry has its repositories in namespaces, and asks there who may push.
  const repository = platform === "operator" ? `${namespace}/${name}` : name;
  return { platform, namespace, name, repository, tag: "latest" };
}

const credentialsMilliseconds = 20_000;

/** How the registry's pods are spoken to. */
export interface ProofOptions {
  /** @default nobody: OpenShift's registry is given the context's token, one of the stack's own is asked without a name */
  readonly login?: Login | undefined;
  /** @default a port-forward; tests have their own */
  readonly connect?: typeof connectToPod | undefined;
}

/** How each pod is spoken to. */
export async function accessTo(
  connection: ClusterConnection,
  { platform, namespace }: ProofRegistry,
  deployment: V1Deployment | undefined,
  { connect, login }: ProofOptions,
): Promise<(pod: V1Pod) => RegistryAccess> {
  const open = connect ?? (await import("../kubernetes/port-forward")).connectToPod;
  const [container] = deployment?.spec?.template.spec?.containers ?? [];
  const isTls = container?.env?.some(({ name }) => name === "REGISTRY_HTTP_TLS_CERTIFICATE") ?? false;
  const port = container?.ports?.[0]?.containerPort ?? registryPort;
  const authorization = login
    ? basic(login)
    : platform === "operator"
      ? await tokenOf(connection)
      : undefined;
  return ({ metadata }) => ({
    connect: () => open(connection, { namespace, pod: metadata?.name ?? "" }, port),
    isTls,
    authorization,
  });
}

/** OpenShift's registry takes the API's own tokens. */
async function tokenOf(connection: ClusterConnection): Promise<string> {
  const { headers } = await credentialsOf(loadKubeconfig(connection), credentialsMilliseconds);
  const { authorization = "" } = headers;
  if (authorization.startsWith("Bearer ")) return authorization;
  throw new Problem(
    "refused",
    `OpenShift's registry takes tokens alone, and context "${connection.context}" has none: log in with oc login, or see ` +
      `access/prove.yaml`,
  );
}
