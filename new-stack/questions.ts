import { UserError } from "../errors";
import { checkExportPath, checkServer } from "../hosts/export-checks";
import { infraLabel } from "../kubernetes/nodes";
import { eligibleNodes } from "../kubernetes/scheduling/node";
import { parseQuantity } from "../kubernetes/quantity";
import type { Ask } from "./ask";
import type { NewCluster } from "./live";
import {
  type AskedBackend,
  askedBackends,
  infraNodes,
  neededTolerations,
  proposedBackend,
  proposedExport,
  proposedPlatform,
  proposedReplicas,
} from "./proposals";

/** What the flags said. */
export interface Given {
  readonly platform?: string;
  readonly backend?: string;
  readonly server?: string;
  readonly path?: string;
  readonly size?: string;
  readonly claim?: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly replicas?: string;
  readonly infra?: boolean;
}

type Values = Record<string, unknown>;

/** Asks for what the flags did not say, and gives the stack's configuration but for its context. */
export async function gather(stack: string, given: Given, cluster: NewCluster, ask: Ask): Promise<Values> {
  const platform = await platformOf(given, cluster, ask);
  const backend = await backendOf(stack, given, cluster, ask);
  const store = await storeOf(backend, given, cluster, ask);
  const placement = await placementOf(given, cluster, ask);
  const tolerations = placement.infra
    ? (placement.tolerations ?? [{ key: infraLabel, operator: "Exists" }])
    : [];
  const nodeSelector: Record<string, string> = placement.infra ? { [infraLabel]: "" } : {};
  const places = eligibleNodes([...cluster.nodes], { nodeSelector, tolerations }).length;
  const once = isReadWriteOnce(store.pvc?.claim, cluster);
  const replicas = await replicasOf(given, proposedReplicas(backend, once, places, cluster), ask);
  return {
    ...(platform === "standalone" && { platform }),
    backend,
    replicas,
    // Two pods cannot mount such a claim, and a rolling update needs two for a moment.
    ...(once && { rolloutStrategy: "Recreate" }),
    ...store,
    ...(placement.infra && { placement }),
  };
}

async function platformOf(given: Given, cluster: NewCluster, ask: Ask): Promise<string> {
  return (
    given.platform ??
    ask.choose(
      { flag: "--platform", message: "Who runs the registry?", proposal: proposedPlatform(cluster) },
      [
        { value: "operator", name: "operator: OpenShift's registry operator" },
        { value: "standalone", name: "standalone: this stack itself (MicroShift, plain Kubernetes)" },
      ],
    )
  );
}

const backendNames: Record<AskedBackend, string> = {
  nfs: "nfs: an export, on a volume that the stack makes",
  pvc: "pvc: a claim that is there",
  emptyDir: "emptyDir: lost with the pod, for what is not production",
  s3: "s3: a bucket",
};

async function backendOf(stack: string, given: Given, cluster: NewCluster, ask: Ask): Promise<AskedBackend> {
  const { backend } = given;
  if (backend !== undefined) {
    const known = askedBackends.find((name) => name === backend);
    if (known) return known;
    throw new UserError(
      `--backend "${backend}": must be one of ${askedBackends.join(", ")}; of others, write the file by pulumi config set (docs/switching-backends.md)`,
    );
  }
  const question = {
    flag: "--backend",
    message: "Where are images kept?",
    proposal: proposedBackend(stack, cluster),
  };
  return ask.choose(
    question,
    askedBackends.map((value) => ({ value, name: backendNames[value] })),
  );
}

interface Store {
  readonly nfs?: Values;
  readonly pvc?: { readonly claim: string };
  readonly s3?: Values;
}

async function storeOf(backend: AskedBackend, given: Given, cluster: NewCluster, ask: Ask): Promise<Store> {
  const text = (flag: Exclude<keyof Given, "infra">, message: string, proposal?: string, check = notEmpty) =>
    given[flag] ?? ask.text({ flag: `--${flag}`, message, proposal }, check);
  switch (backend) {
    case "nfs": {
      const { server, path, size } = proposedExport(cluster);
      return {
        nfs: {
          server: await text("server", "NFS server's name or address:", server, checkServer),
          path: await text("path", "Exported directory:", path ?? "/srv/registry", checkExportPath),
          size: await text("size", "Size to ask for:", size, checkSize),
        },
      };
    }
    case "pvc":
      return { pvc: { claim: given.claim ?? (await claimOf(cluster, ask)) } };
    case "s3": {
      const { bucket, region } = cluster.registry?.spec.storage?.s3 ?? {};
      return {
        s3: {
          bucket: await text("bucket", "Bucket:", bucket),
          region: await text("region", "Region:", region),
        },
      };
    }
    case "emptyDir":
      return {};
  }
}

async function claimOf({ claims, registry }: NewCluster, ask: Ask): Promise<string> {
  const question = {
    flag: "--claim",
    message: "Which claim?",
    proposal: registry?.spec.storage?.pvc?.claim ?? claims[0]?.metadata?.name,
  };
  if (claims.length === 0) return ask.text(question, notEmpty);
  const choices = claims.map(({ metadata, spec, status }) => ({
    value: metadata?.name ?? "",
    name: `${metadata?.name}: ${[status?.phase, spec?.resources?.requests?.["storage"], spec?.accessModes?.join(" "), spec?.storageClassName].filter(Boolean).join(", ")}`,
  }));
  return ask.choose(question, choices);
}

async function placementOf(given: Given, cluster: NewCluster, ask: Ask) {
  const count = infraNodes(cluster).length;
  const message = `Run on infra nodes (there are ${count})?`;
  const infra =
    given.infra ?? (await ask.confirm({ flag: "--infra or --no-infra", message, proposal: count > 0 }));
  const tolerations = neededTolerations(cluster);
  return { infra, ...(infra && tolerations && { tolerations }) };
}

async function replicasOf({ replicas }: Given, proposal: number, ask: Ask): Promise<unknown> {
  const text =
    replicas ??
    (await ask.text({ flag: "--replicas", message: "Replicas:", proposal: String(proposal) }, checkCount));
  return /^\d+$/.test(text) ? Number(text) : text;
}

function isReadWriteOnce(claim: string | undefined, { claims }: NewCluster): boolean {
  const modes = claims.find(({ metadata }) => metadata?.name === claim)?.spec?.accessModes;
  return modes !== undefined && !modes.includes("ReadWriteMany");
}

function notEmpty(text: string): string | undefined {
  return text.trim() === "" ? "is empty" : undefined;
}

function checkSize(text: string): string | undefined {
  return (parseQuantity(text) ?? 0) > 0 ? undefined : `"${text}" is not a quantity; write one such as 100Gi`;
}

function checkCount(text: string): string | undefined {
  return /^[1-9]\d?$|^100$/.test(text) ? undefined : `"${text}" is not a number from 1 to 100`;
}
