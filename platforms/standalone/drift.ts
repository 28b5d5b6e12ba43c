import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject, V1Deployment, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { ClusterClient } from "../../kubernetes/client";
import { fingerprint } from "./workload";

type Live = KubernetesObject & { spec?: object };

/**
 * Where the live object's spec differs from the one this stack applied last, one line a field. Pulumi compares inputs
 * with inputs and sees none of it. The server itself is asked what the wanted spec would become, so that its defaults
 * are no difference.
 */
export async function driftOf(
  client: ClusterClient,
  live: Live | undefined,
  wanted: object,
): Promise<string[]> {
  if (!live || !isApplied(live, wanted)) return [];
  const metadata = { ...live.metadata, resourceVersion: undefined };
  const restored = await client.dryRunReplace<Live>({
    ...live,
    metadata,
    spec: withAnnotationsOf(live, wanted),
  });
  return differences(live.spec, restored?.spec, "spec");
}

/** On the live object: what was applied last, and the generation at which drift was put back, if it ever was. */
export const appliedAnnotation = "image-registry/applied";

/**
 * The annotation's next value: another one for another spec, and for one whose drift has to be put back, so that an
 * unchanged stack gets its step too. Otherwise the live value is kept, and the stack stays unchanged.
 */
export function appliedValue(live: Live | undefined, wanted: object, drift: readonly string[]): string {
  const print = fingerprint(wanted);
  if (drift.length) return `${print}@${live?.metadata?.generation ?? live?.metadata?.resourceVersion}`;
  return (isApplied(live, wanted) && live?.metadata?.annotations?.[appliedAnnotation]) || print;
}

function isApplied(live: Live | undefined, wanted: object): boolean {
  return live?.metadata?.annotations?.[appliedAnnotation]?.split("@")[0] === fingerprint(wanted);
}

// `kubectl rollout restart` leaves one on the pods, and to take it away would restart them once more.
function withAnnotationsOf(live: Live, wanted: object): object {
  const { template } = wanted as { template?: V1PodTemplateSpec };
  if (!template) return wanted;
  const annotations = (live as V1Deployment).spec?.template.metadata?.annotations;
  return { ...wanted, template: { ...template, metadata: { ...template.metadata, annotations } } };
}

function differences(live: unknown, restored: unknown, path: string): string[] {
  if (isDeepStrictEqual(live, restored)) return [];
  if (restored === undefined) return [`${path}: added by hand`];
  if (live === undefined) return [`${path}: taken away by hand`];
  const [left, right] = [parts(live), parts(restored)];
  if (left && right) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].flatMap((key) => differences(left[key], right[key], `${path}${key}`));
  }
  // A value that somebody put into the environment may be a secret.
  if (path.includes(".env[")) return [`${path}: changed by hand`];
  return [`${path}: ${JSON.stringify(live)} by hand, asked is ${JSON.stringify(restored)}`];
}

// Kubernetes knows items of its lists by their names.
function parts(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [`.${key}`, item as unknown]));
  const items = value as ({ name?: string } | null)[];
  return Object.fromEntries(items.map((item, index) => [`[${item?.name ?? index}]`, item]));
}
