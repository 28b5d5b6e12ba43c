import type { Policies } from "@pulumi/policy";
import { noWorldOpenExport } from "./exports";
import { hostKeysPinned } from "./host-keys";
import { noEmptyDirInProduction, registryOnInfraNodes } from "./production";
import { volumesRetained } from "./reclaim-policy";
import { replicasShareStorage } from "./replicas";
import { secretsEncrypted } from "./secrets";

/** What docs/policy.md explains, rule by rule. */
export const policies: Policies = [
  noEmptyDirInProduction,
  registryOnInfraNodes,
  volumesRetained,
  replicasShareStorage,
  noWorldOpenExport,
  hostKeysPinned,
  secretsEncrypted,
];
