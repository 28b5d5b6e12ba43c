import * as pulumi from "@pulumi/pulumi";
import type { CheckedRegistry } from "../platforms";
import { leftBehind, type Remembered } from "../platforms/left-behind";
import { findingText } from "../platforms/text";

/** Says in a preview which registry the stack is about to leave behind, by what its state remembers of it. */
export async function tellLeftBehind({ platform, plan }: CheckedRegistry, stack: string): Promise<void> {
  if (!pulumi.runtime.isDryRun()) return;
  const { namespace } = plan;
  for (const finding of leftBehind(await rememberedOf(stack), { platform, namespace }))
    void pulumi.log.warn(findingText(finding));
}

// As a StackReference reads another stack, without a resource of its own in this one.
async function rememberedOf(stackName: string): Promise<Remembered[]> {
  const token = "pulumi:pulumi:readStackResourceOutputs";
  const { outputs } = (await pulumi.runtime.invoke(token, { stackName })) as {
    outputs?: Record<string, Remembered>;
  };
  return Object.values(outputs ?? {});
}
