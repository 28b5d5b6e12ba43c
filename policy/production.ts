import type { PolicyConfigSchema, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { infraLabel } from "../kubernetes/nodes";
import { askTier } from "../config/production";
import { type AskedRegistry, askedRegistry } from "./asked-registry";
import { isProductionStack } from "./production-stack";

const configSchema: PolicyConfigSchema = {
  properties: {
    stacks: {
      type: "array",
      items: { type: "string" },
      description:
        'Names of production stacks, besides those that their name or tier says to be; "*" stands for any text.',
    },
  },
};

/** A rule for production stacks alone: what is wrong with the registry that they ask for. */
function inProduction(
  name: string,
  description: string,
  problem: (asked: AskedRegistry) => string | undefined,
): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    configSchema,
    validateResource: (args, report) => {
      const asked = askedRegistry(args);
      const found = asked && problem(asked);
      // Which stack it is stands in files that are not worth reading for every resource.
      if (!found) return;
      const stack = stackOf(args);
      const { stacks } = args.getConfig<{ stacks?: string[] }>();
      const production = isProductionStack(stack, stacks);
      if (production !== false)
        report(`${found} (${production ? `stack "${stack}" is production` : askTier(stack)})`);
    },
  };
}

export const noEmptyDirInProduction = inProduction(
  "no-empty-dir-in-production",
  "The registry of a production stack never keeps its images in an emptyDir.",
  ({ storage, keys }) =>
    storage.emptyDir &&
    `${keys.storage} is an emptyDir, which loses every image with its pod; set backend to nfs, pvc or s3`,
);

export const registryOnInfraNodes = inProduction(
  "registry-on-infra-nodes",
  "The registry of a production stack runs on infra nodes.",
  ({ nodeSelector, keys }) =>
    infraLabel in nodeSelector
      ? undefined
      : `${keys.nodeSelector} is ${JSON.stringify(nodeSelector)} and must have "${infraLabel}"; set placement.infra to true`,
);

// A URN is urn:pulumi:STACK::PROJECT::TYPE::NAME.
function stackOf({ urn }: ResourceValidationArgs): string {
  return urn.split(":")[2] ?? "";
}
