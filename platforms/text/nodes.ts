import type { Taint } from "../../kubernetes/node-role";
import type { NodeVerdicts, PlacementFinding, RoleFinding } from "../finding";
import { obstacleText } from "./obstacles";
import { taintText } from "./taints";
import type { Texts } from "./texts";

export const placementTexts: Texts<PlacementFinding> = {
  "node is missing": ({ node }) => `the cluster has no node "${node}"`,
  "pods find no node": ({ is, asked, nodeSelector, nodes }) =>
    `${asked}, of which ${is} would find a node, and the others stay Pending ` +
    `(nodeSelector ${labelsText(nodeSelector)}): ${verdictsText(nodes)}`,
  "new pod finds no node": ({ nodes }) =>
    `the new pod starts beside the old ones (rolloutStrategy "RollingUpdate"), and would stay Pending: ` +
    `${verdictsText(nodes)}; free a node for it, or set rolloutStrategy to "Recreate"`,
  "replicas may share a node": ({ asked }) =>
    `nothing keeps the ${asked} replicas apart, and one node may get all of them; ` +
    `registry.affinity (podAntiAffinity) or registry.topologySpreadConstraints can`,
  "anti-affinity names no pods": () =>
    "a term of podAntiAffinity has no labelSelector, and so keeps the replicas apart from no pod",
};

export const roleTexts: Texts<RoleFinding> = {
  "node's label changes": ({ node, key, is, asked }) =>
    changeText(node, `label ${key} from "${is}" to "${asked}"`),
  "node's taint changes": ({ node, is, asked }) =>
    changeText(node, `taint ${taintText(is)} to ${taintText(asked)}`),
  "taint evicts": ({ node, taints, pods }) =>
    `will taint node "${node}" with ${taintTexts(taints)}, which evicts ${pods ? podsText(pods) : unseenPods}`,
  "no node is left to others": ({ nodes, taints }) =>
    `taint ${taintTexts(taints)} on ${nodes.join(", ")} would leave no node for other pods; leave a node ` +
    `out, or use placement without nodes, and label them by hand`,
};

function verdictsText({ of, more }: NodeVerdicts): string {
  if (of.length === 0) return "no node has these labels";
  const texts = of.map(({ name, takes, obstacle }) => {
    const why = obstacle ? obstacleText(obstacle) : "can take one";
    return `${name} ${takes ? `takes ${takes}, and then ${why}` : why}`;
  });
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return all.join(",") || "any";
}

function changeText(node: string, change: string): string {
  return `will change ${change} of node "${node}"; what selects or tolerates the old value no longer does`;
}

function taintTexts(taints: readonly Taint[]): string {
  return [...new Set(taints.map(taintText))].join(", ");
}

const unseenPods = "pods; how many cannot be told without the right to list them (access/pods.yaml)";

function podsText(pods: ReadonlyMap<string, number>): string {
  const all = [...pods.values()].reduce((sum, count) => sum + count, 0);
  const counts = [...pods].sort().map(([namespace, count]) => `${count} of ${namespace}`);
  return `${all} pod${all > 1 ? "s" : ""}: ${counts.join(", ")}`;
}
