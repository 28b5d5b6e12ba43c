import type { KubernetesObject } from "@kubernetes/client-node";
import { s3Secret } from "../../backends/s3";
import { s3Manager } from "../../kubernetes/field-managers";
import { appliedBy } from "../../kubernetes/managed-fields";
import type { Finding } from "../finding";
import type { RegistryPlan } from "../plan";
import type { LiveRegistry } from "../platform";
import type { RegistryConfig } from "./registry";

interface Live extends Pick<LiveRegistry, "s3Keys"> {
  readonly config: RegistryConfig;
}

/** Whether the keys that the stack made have to go with this up. */
export function keysGo(live: Live, plan: RegistryPlan): boolean {
  return leavesS3(live, plan) || keysGivenNoMore(live, plan);
}

/** Whether the registry had its images in s3 until now, and its keys need no longer be there. */
function leavesS3({ config }: Live, { storage, managementState }: RegistryPlan): boolean {
  const stays = storage.s3 !== undefined && managementState !== "Removed";
  return config.spec.storage?.s3 !== undefined && !stays;
}

/** The operator prefers that Secret to keys of its own, and would go on with it. */
function keysGivenNoMore({ s3Keys }: Live, { backend }: RegistryPlan): boolean {
  return backend.name === "s3" && !backend.needs?.s3Keys && s3Keys !== undefined && isOwn(s3Keys);
}

/** Whether a stack made the Secret. */
export function isOwn(secret: KubernetesObject): boolean {
  return appliedBy(secret, s3Manager);
}

export function keysFindings(live: Live, plan: RegistryPlan): Finding[] {
  if (!keysGivenNoMore(live, plan)) return [];
  return [{ kind: "keys go", field: "s3AccessKey", secret: s3Secret.name, namespace: plan.namespace }];
}

const goneAnnotation = "image-registry/s3-keys";

/** Another value where they are to go, so that the engine has a step to do; the live one otherwise. */
export function keysNote(live: Live, plan: RegistryPlan): Record<string, string> {
  const { uid } = live.s3Keys?.metadata ?? {};
  const note = keysGivenNoMore(live, plan)
    ? `gone@${uid}`
    : live.config.metadata?.annotations?.[goneAnnotation];
  return note === undefined ? {} : { [goneAnnotation]: note };
}
