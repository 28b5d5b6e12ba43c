import { productionIn } from "../ci/lib/policies";
import { askTier, isProduction } from "../config/production";
import { UserError } from "../errors";
import type { Checkout } from "./git";
import { hubObjects } from "./hub";
import { type CommittedStack, committedStacks, readStack } from "./stack-files";
import { type RunMode, overlayOf, type Source, type StackObject, stackObject } from "./stack-object";
import { policySettings } from "./workspace";

export interface Fleet {
  /** By a cluster administrator, once: namespaces, users, rights. */
  readonly hub: object[];
  /** By the pipeline, at every commit: ups of what is not production, and previews. */
  readonly stacks: StackObject[];
  /** By who approves: the ups of production. */
  readonly production: StackObject[];
}

export interface FleetOptions {
  readonly checkout: Checkout;
  readonly source: Omit<Source, "hasPolicySettings">;
  /** Names of stacks; none: all that the commit has. */
  readonly stacks: readonly string[];
  /** Names of those that the hub never brings up. */
  readonly previewOnly: readonly string[];
  /** The group of those who approve. */
  readonly approvers: string;
}

/** The objects of a hub, one set for each stack. All that is wrong with any stack is one error. */
export function fleetObjects(options: FleetOptions): Fleet {
  const { checkout, previewOnly, approvers } = options;
  const settings = checkout.text(options.source.commit, policySettings);
  const source = { ...options.source, hasPolicySettings: settings !== undefined };
  const committed = committedStacks(checkout, source.commit);
  const production = settings === undefined ? [] : productionIn(settings, policySettings, committed);
  const names = options.stacks.length > 0 ? options.stacks : committed;
  const unknown = previewOnly.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UserError(`--preview-only "${unknown}": is not among the stacks`);
  const objects = collected(names, (name) => {
    const stack = readStack(checkout, source.commit, name);
    return modesOf(stack, previewOnly.includes(name), production).map((mode) =>
      objectOf(checkout, source, stack, mode),
    );
  }).flat();
  assertDistinct(objects);
  const isApproved = ({ metadata }: StackObject) => metadata.labels["image-registry/mode"] === "approved";
  return {
    hub: hubObjects(approvers),
    stacks: objects.filter((object) => !isApproved(object)),
    production: objects.filter(isApproved),
  };
}

function modesOf(
  { name, configuration }: CommittedStack,
  isPreviewOnly: boolean,
  named: string[],
): RunMode[] {
  if (isPreviewOnly) return ["preview"];
  const production = isProduction(name, configuration.tier, named);
  if (production === undefined) throw new UserError(askTier(name));
  return production ? ["preview", "approved"] : ["up"];
}

/** What the hub sets is checked together with what the file says: it is what the run will get. */
function objectOf(checkout: Checkout, source: Source, stack: CommittedStack, mode: RunMode): StackObject {
  readStack(checkout, source.commit, stack.name, overlayOf(mode, stack));
  return stackObject(stack, mode, source);
}

function collected<T>(names: readonly string[], make: (name: string) => T): T[] {
  const made: T[] = [];
  const problems: string[] = [];
  for (const name of names) {
    try {
      made.push(make(name));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  return made;
}

function assertDistinct(objects: StackObject[]): void {
  const byName = new Map<string, string>();
  for (const { metadata } of objects) {
    const key = `${metadata.namespace}/${metadata.name}`;
    const other = byName.get(key);
    const stack = metadata.labels["image-registry/stack"];
    if (other !== undefined)
      throw new UserError(`stacks "${other}" and "${stack}" would both have the object ${key}; rename one`);
    byName.set(key, stack);
  }
}
