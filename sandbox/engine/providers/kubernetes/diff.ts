import { isDeepStrictEqual } from "node:util";
import { runtime } from "@pulumi/pulumi";
import { isMap, propertyPath, type PropertyMap } from "../../values";

type Path = (string | number)[];
interface Change {
  path: Path;
  value: unknown;
}

/**
 * The real provider compares the new inputs with the live object as it was last seen, cut down to the old inputs'
 * shape. For kinds the server itself knows it writes both in one way first (quantities, say); here a value that equals
 * the old input is unchanged instead.
 */
export function changesOf(live: PropertyMap, oldInputs: PropertyMap, inputs: PropertyMap): Change[] {
  const lenient = /^(v1|(apps|batch|autoscaling|policy)\/.*|.*\.k8s\.io\/.*)$/.test(
    String(inputs.apiVersion),
  );
  const compare = (path: Path, before: unknown, old: unknown, now: unknown): Change[] => {
    if (isDeepStrictEqual(before, now) || (lenient && isDeepStrictEqual(old, now))) return [];
    if (isMap(before) && isMap(now)) {
      const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
      return [...keys].flatMap((key) =>
        compare([...path, key], before[key], isMap(old) ? old[key] : undefined, now[key]),
      );
    }
    if (Array.isArray(before) && Array.isArray(now)) {
      const oldItems: unknown[] = Array.isArray(old) ? old : [];
      const length = Math.max(before.length, now.length);
      return Array.from({ length }, (_, i) => compare([...path, i], before[i], oldItems[i], now[i])).flat();
    }
    return [{ path, value: now }];
  };
  return compare([], prune(live, oldInputs), oldInputs, inputs);
}

function prune(live: unknown, shape: unknown): unknown {
  if (isMap(live) && isMap(shape)) {
    const kept = Object.entries(live).filter(([key]) => key in shape);
    return Object.fromEntries(kept.map(([key, value]) => [key, prune(value, shape[key])]));
  }
  if (Array.isArray(live) && Array.isArray(shape)) {
    return live.slice(0, shape.length).map((value, i) => prune(value, shape[i]));
  }
  return live;
}

/** Fields a change of which needs a new object, from the provider's own table, for the kinds in use here. */
const forceNew: Record<string, string[]> = {
  "apps/v1/Deployment": [".spec.selector"],
  "v1/PersistentVolume": ["csi", "hostPath", "iscsi", "local", "nfs"].map((source) => `.spec.${source}`),
  "v1/PersistentVolumeClaim": ["accessModes", "selector", "storageClassName", "volumeName"].map(
    (key) => `.spec.${key}`,
  ),
  "v1/Secret": [".type", ".stringData", ".data"],
  "v1/ConfigMap": [".binaryData", ".data"],
  "v1/Service": [".spec.clusterIP"],
  "storage.k8s.io/v1/StorageClass": [".parameters", ".provisioner"],
};

export function replacing(changes: Change[], inputs: PropertyMap, isPatch: boolean): string[] {
  const identity = [".metadata.name", ".metadata.namespace"];
  const kind = `${String(inputs.apiVersion)}/${String(inputs.kind)}`;
  const fields = isPatch ? identity : [...identity, ...(forceNew[kind] ?? [])];
  return changes
    .filter((change) => fields.some((field) => touches(change, field.split(".").slice(1))))
    .map(({ path }) => propertyPath(path));
}

function touches({ path, value }: Change, field: string[]): boolean {
  const deeper = field.slice(path.length);
  if (!field.slice(0, path.length).every((key, i) => key === path[i])) return false;
  // What is not known yet may be another value, and what is gone is one.
  if (value === undefined || value === runtime.unknownValue) return true;
  let inner: unknown = value;
  for (const key of deeper) {
    if (!isMap(inner) || !(key in inner)) return false;
    inner = inner[key];
  }
  return true;
}
