import { runtime } from "@pulumi/pulumi";
import { type Goal, ignoreChanges } from "./goal";
import { Hooks } from "./hooks";
import type { Diff } from "./provider";
import { providerFor } from "./providers";
import { Report, Stopped } from "./report";
import { type ResourceState, StackState } from "./state";
import { plain, Steps, type Wanted } from "./steps";
import type { StackRun } from "./types";
import { changedKeys, copySecrets, mask, type PropertyMap, reveal } from "./values";

const stackType = "pulumi:pulumi:Stack";

/**
 * One preview, update or destroy of one stack: takes the program's registrations and decides each one's step from the
 * state. Follows pulumi's step generator and step executor, leaving out what no resource here needs.
 */
export class Deployment {
  readonly report: Report;
  readonly hooks: Hooks;
  private readonly state: StackState;
  private readonly steps: Steps;
  private readonly seen = new Set<string>();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    readonly run: StackRun,
    readonly preview: boolean,
  ) {
    this.report = new Report(run.log);
    this.hooks = new Hooks(preview, (message, urn) =>
      this.report.diagnostic({ severity: "warning", message, urn }),
    );
    this.state = new StackState(run.stateFile);
    this.steps = new Steps(this.state, this.hooks, this.report, preview);
  }

  async register(goal: Goal): Promise<ResourceState> {
    if (this.report.stopped) throw new Stopped();
    const { urn } = goal.resource;
    try {
      if (this.seen.has(urn)) throw new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`);
      this.seen.add(urn);
      const step = this.step(goal);
      this.underWay.add(step);
      return await step.finally(() => this.underWay.delete(step));
    } catch (error) {
      this.report.resourceFailed(error, urn);
      throw new Stopped();
    }
  }

  /** Ends when no step is under way. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  async registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const resource = this.state.find(urn);
    if (!resource) throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    const isStack = resource.type === stackType;
    // A program that failed may not have come to all of its outputs.
    resource.outputs = isStack && this.report.failed ? { ...resource.outputs, ...outputs } : outputs;
    if (isStack) this.report.result.outputs = mask(outputs) as PropertyMap;
    await this.steps.completeComponent(resource);
  }

  /** Deletes what the program did not register and what was replaced, dependents first. */
  async deleteTheRest(): Promise<void> {
    for (const resource of this.state.dependentsFirst()) {
      if (this.report.stopped) return;
      if (!resource.pendingDelete && this.seen.has(resource.urn)) continue;
      const goesWithAnother = resource.deletedWith !== undefined && !this.seen.has(resource.deletedWith);
      try {
        await this.steps.delete(resource, false, goesWithAnother);
        if (!resource.pendingDelete)
          this.report.step(resource.retainOnDelete ? "retain" : "delete", resource);
      } catch (error) {
        this.report.resourceFailed(error, resource.urn);
      }
    }
  }

  private async step(goal: Goal): Promise<ResourceState> {
    const old = this.state.find(goal.resource.urn);
    const wanted = this.check(goal, old);
    if (!old) return this.steps.create(wanted);
    if (old.pendingReplacement) return this.steps.create(this.check(goal, undefined), old);

    const diff = await this.diff(wanted, old);
    const forced = diff.changes.some((path) => goal.replaceOnChanges.includes(path));
    if (diff.replaces.length > 0 || forced) {
      if (goal.resource.protect && old.protect) {
        throw new Error(
          `unable to replace resource "${old.urn}"\nas it is currently marked for protection. To unprotect the ` +
            "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
        );
      }
      if (goal.deleteBeforeReplace ?? diff.deleteBeforeReplace) await this.deleteToReplace(old);
      // Checked anew, because a new object may need another name.
      return this.steps.create(this.check(goal, undefined), old, diff.changes);
    }
    // One that failed to become ready is tried again, changed or not.
    if (diff.changes.length > 0 || old.initErrors.length > 0)
      return this.steps.update(wanted, old, diff.changes);
    return this.steps.same(wanted, old);
  }

  /** Deletes a resource that is about to be made anew, and ahead of it those that would then be replaced as well. */
  private async deleteToReplace(old: ResourceState): Promise<void> {
    const condemned = [old];
    for (const resource of this.state.dependentsFirst().reverse()) {
      const urns = condemned.map(({ urn }) => urn);
      const depends = Object.entries(resource.propertyDependencies).filter(([, on]) =>
        on.some((urn) => urns.includes(urn)),
      );
      if (depends.length === 0 || !resource.custom || resource.pendingDelete || resource.pendingReplacement)
        continue;
      const unknown = Object.fromEntries(depends.map(([key]) => [key, runtime.unknownValue]));
      const provider = providerFor(resource);
      const next = { ...resource, inputs: { ...resource.inputs, ...unknown } };
      const { replaces } = await this.diff({ next, provider, secretOutputs: [] }, resource);
      if (replaces.length > 0) condemned.unshift(resource);
    }
    for (const resource of condemned) await this.steps.delete(resource, true, false);
  }

  private check(goal: Goal, old: ResourceState | undefined): Wanted {
    const { resource, additionalSecretOutputs } = goal;
    const provider = resource.custom ? providerFor(resource) : undefined;
    const inputs = old ? ignoreChanges(resource.inputs, old.inputs, goal.ignoreChanges) : resource.inputs;
    const context = this.steps.context(resource);
    const checked = provider?.check?.(context, reveal(inputs), old && reveal(old.inputs));
    const next = { ...resource, inputs: checked ? copySecrets(checked, inputs) : inputs };
    return { next, provider, secretOutputs: additionalSecretOutputs };
  }

  private diff({ next, provider }: Wanted, old: ResourceState): Promise<Diff> | Diff {
    if (provider) return provider.diff(this.steps.context(next), plain(old), reveal(next.inputs));
    return { changes: changedKeys(old.inputs, next.inputs), replaces: [], deleteBeforeReplace: false };
  }
}
