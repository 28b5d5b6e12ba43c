import type {
  KubernetesObject,
  V1Affinity,
  V1Node,
  V1NodeSelectorRequirement,
  V1Pod,
  V1PodSpec,
  V1PriorityClass,
  V1Taint,
  V1Toleration,
  V1TopologySpreadConstraint,
} from "@kubernetes/client-node";
import * as fc from "fast-check";

/** Nodes, what runs on them, and replicas that are to be placed; of a name, by which its objects know each other. */
export interface Case {
  readonly title: string;
  /** What of a pod's description there is in it. */
  readonly has: readonly string[];
  readonly nodes: (name: string) => V1Node[];
  /** With node and priority. */
  readonly running: (name: string) => V1Pod[];
  readonly replicas: (name: string) => V1Pod[];
  /** A volume and the claim that is bound to it. */
  readonly volume?: readonly ((name: string) => KubernetesObject[])[];
}

const zone = "topology.kubernetes.io/zone";
const hostname = "kubernetes.io/hostname";

export const priorities: V1PriorityClass[] = [
  { name: "high", value: 2000 },
  { name: "replica", value: 1000 },
].map(({ name, value }) => ({
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name },
  value,
}));

const taint: fc.Arbitrary<V1Taint> = fc.record({
  key: fc.constantFrom("infra", "gpu"),
  value: fc.constantFrom("", "reserved"),
  effect: fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute"),
});

const toleration: fc.Arbitrary<V1Toleration> = fc
  .oneof(
    { weight: 1, arbitrary: fc.constant({ operator: "Exists" }) },
    {
      weight: 4,
      arbitrary: fc.record(
        {
          key: fc.constantFrom("infra", "gpu"),
          operator: fc.constantFrom("Exists", "Equal"),
          value: fc.constantFrom("", "reserved"),
          effect: fc.constantFrom("NoSchedule", "NoExecute"),
        },
        { requiredKeys: ["key"] },
      ),
    },
  )
  .map((one: V1Toleration) => (one.operator === "Exists" ? { ...one, value: undefined } : one));

const labels = fc.record(
  {
    [zone]: fc.constantFrom("a", "b"),
    disk: fc.constantFrom("ssd", "hdd"),
    size: fc.constantFrom("5", "50"),
  },
  { requiredKeys: [] },
);

const node = fc.record({
  labels,
  taints: fc.oneof(
    { weight: 3, arbitrary: fc.constant<V1Taint[]>([]) },
    { weight: 1, arbitrary: fc.array(taint, { minLength: 1, maxLength: 2 }) },
  ),
  unschedulable: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  cpu: fc.integer({ min: 1, max: 4 }),
  pods: fc.constantFrom(2, 10),
  /** Cores that pods of each priority take. */
  running: fc.array(
    fc.record({ cpu: fc.integer({ min: 1, max: 2 }), isHigh: fc.boolean(), isPeer: fc.boolean() }),
    { maxLength: 2 },
  ),
});

const requirement: fc.Arbitrary<V1NodeSelectorRequirement> = fc.oneof(
  fc.record({
    key: fc.constantFrom("disk", zone),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.constantFrom<string[]>(["ssd", "a"], ["hdd"]),
  }),
  fc.record({
    key: fc.constantFrom("disk", zone, "size"),
    operator: fc.constantFrom("Exists", "DoesNotExist"),
  }),
  fc.record({
    key: fc.constant("size"),
    operator: fc.constantFrom("Gt", "Lt"),
    values: fc.constant<string[]>(["10"]),
  }),
);

const terms = fc.array(
  fc.record({ matchExpressions: fc.array(requirement, { minLength: 1, maxLength: 2 }) }),
  {
    minLength: 1,
    maxLength: 2,
  },
);

/** To pods that run, or to the replicas themselves. */
const together = fc.record({
  topologyKey: fc.constantFrom(hostname, zone),
  to: fc.constantFrom<Record<string, string>>({ peer: "yes" }, { replica: "yes" }, { peer: "nobody" }),
});

const antiAffinity = fc.record({
  topologyKey: fc.constantFrom(hostname, zone),
  /** Of what pods: the case's own replicas, those that run, or none, for want of a selector. */
  from: fc.constantFrom<Record<string, string> | undefined>({ replica: "yes" }, { peer: "yes" }, undefined),
});

const spread = fc.record({
  topologyKey: fc.constantFrom(hostname, zone),
  maxSkew: fc.integer({ min: 1, max: 2 }),
  minDomains: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  nodeTaintsPolicy: fc.constantFrom("Honor", "Ignore", undefined),
  whenUnsatisfiable: fc.constantFrom("DoNotSchedule", "DoNotSchedule", "ScheduleAnyway"),
});

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

export const cases: fc.Arbitrary<Case> = fc
  .record({
    nodes: fc.array(node, { minLength: 1, maxLength: 4 }),
    count: fc.integer({ min: 1, max: 4 }),
    cpu: fc.constantFrom(undefined, undefined, 1, 2),
    tolerations: fc.array(toleration, { maxLength: 2 }),
    affinity: optional(terms),
    apart: optional(antiAffinity),
    together: optional(together),
    spread: optional(spread),
    volume: optional(fc.record({ terms: optional(terms), zones: fc.constantFrom(undefined, "a", "a__b") })),
  })
  .map(({ nodes, count, cpu, tolerations, affinity, apart, together, spread, volume }): Case => {
    const spec = (name: string): Omit<V1PodSpec, "containers"> => ({
      nodeSelector: { case: name },
      tolerations,
      priorityClassName: "replica",
      affinity: affinityOf(name, affinity, apart, together),
      ...(spread && { topologySpreadConstraints: [spreadOf(name, spread)] }),
      ...(volume && { volumes: [{ name: "images", persistentVolumeClaim: { claimName: name } }] }),
    });
    const parts = { tolerations: tolerations.length, affinity, apart, together, spread, volume, cpu };
    const has = Object.entries(parts).flatMap(([key, value]) => (value ? [key] : []));
    return {
      has,
      title: `${count} replicas, ${nodes.length} nodes, ${has.join(", ") || "nothing asked"}`,
      nodes: (name) => nodes.map((one, index) => nodeOf(`${name}-${index}`, name, one)),
      running: (name) =>
        nodes.flatMap(({ running }, index) =>
          running.map(({ isPeer, ...one }, pod) =>
            runningPod(`${name}-${index}`, pod, one, isPeer ? { case: name, peer: "yes" } : {}),
          ),
        ),
      replicas: (name) =>
        Array.from({ length: count }, (_, index) =>
          podOf(`${name}-${index}`, { case: name, replica: "yes" }, spec(name), cpu),
        ),
      ...(volume && { volume: [(name) => volumeOf(name, volume)] }),
    };
  });

type Node = typeof node extends fc.Arbitrary<infer T> ? T : never;
type Terms = typeof terms extends fc.Arbitrary<infer T> ? T : never;
type Apart = typeof antiAffinity extends fc.Arbitrary<infer T> ? T : never;
type Together = typeof together extends fc.Arbitrary<infer T> ? T : never;
type Spread = typeof spread extends fc.Arbitrary<infer T> ? T : never;

function nodeOf(name: string, owner: string, { labels, taints, unschedulable, cpu, pods }: Node): V1Node {
  const resources = { cpu: String(cpu), memory: "16Gi", pods: String(pods) };
  // One of a key and effect.
  const unique = [...new Map(taints.map((one) => [`${one.key}:${one.effect}`, one])).values()];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: { [hostname]: name, case: owner, ...labels },
    },
    spec: { taints: unique, ...(unschedulable && { unschedulable }) },
    status: { allocatable: resources, capacity: resources },
  };
}

/** On its node without the scheduler, and not to be driven off by a taint. */
function runningPod(
  nodeName: string,
  index: number,
  { cpu, isHigh }: { cpu: number; isHigh: boolean },
  labels: Record<string, string>,
): V1Pod {
  const spec = {
    nodeName,
    tolerations: [{ operator: "Exists" }],
    ...(isHigh && { priorityClassName: "high" }),
  };
  return podOf(`${nodeName}-running-${index}`, labels, { ...spec, terminationGracePeriodSeconds: 0 }, cpu);
}

function podOf(
  name: string,
  labels: Record<string, string>,
  spec: Omit<V1PodSpec, "containers">,
  cpu?: number,
): V1Pod {
  const resources = cpu === undefined ? {} : { resources: { requests: { cpu: String(cpu) } } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels },
    spec: { ...spec, containers: [{ name: "registry", image: "registry.invalid/registry", ...resources }] },
  };
}

function affinityOf(
  name: string,
  terms: Terms | undefined,
  apart: Apart | undefined,
  together: Together | undefined,
): V1Affinity {
  return {
    ...(terms && {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    }),
    ...(apart && { podAntiAffinity: required(name, apart.topologyKey, apart.from) }),
    ...(together && { podAffinity: required(name, together.topologyKey, together.to) }),
  };
}

function required(name: string, topologyKey: string, labels: Record<string, string> | undefined) {
  const labelSelector = labels && { matchLabels: { case: name, ...labels } };
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey, ...(labelSelector && { labelSelector }) },
    ],
  };
}

function spreadOf(name: string, { minDomains, ...rest }: Spread): V1TopologySpreadConstraint {
  return {
    ...rest,
    // Only of spreads that must be kept.
    ...(minDomains && rest.whenUnsatisfiable === "DoNotSchedule" && { minDomains }),
    labelSelector: { matchLabels: { case: name, replica: "yes" } },
  };
}

function volumeOf(
  name: string,
  { terms, zones }: { terms?: Terms | undefined; zones?: string | undefined },
): KubernetesObject[] {
  const shared = { accessModes: ["ReadWriteMany"], storageClassName: "" };
  const capacity = { storage: "1Gi" };
  return [
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name, labels: zones ? { [zone]: zones } : {} },
      spec: {
        ...shared,
        capacity,
        claimRef: { namespace: "default", name },
        nfs: { server: "nfs.invalid", path: "/" },
        ...(terms && { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
      },
    } as KubernetesObject,
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "default" },
      spec: { ...shared, volumeName: name, resources: { requests: capacity } },
    } as KubernetesObject,
  ];
}
