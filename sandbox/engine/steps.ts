import type { Hooks } from "./hooks";
import { PartialFailure, type Provider, type StepContext } from "./provider";
import { providerFor } from "./providers";
import type { Report } from "./report";
import { nameOf, type ResourceState, type StackState } from "./state";
import { copySecrets, type PropertyMap, reveal, secret } from "./values";

/** What a step needs to know of one resource as the program wants it now. */
export interface Wanted {
  next: ResourceState;
  /** None for a component. */
  provider: Provider | undefined;
  secretOutputs: string[];
}

/** Carries out the single steps, hooks around them, and keeps what was done in the state. */
export class Steps {
  /** Components made or changed, whose after hooks wait for their outputs. */
  private readonly components = new Map<string, ResourceState | "new">();

  constructor(
    private readonly state: StackState,
    private readonly hooks: Hooks,
    private readonly report: Report,
    private readonly preview: boolean,
  ) {}

  same({ next }: Wanted, old: ResourceState): ResourceState {
    const kept = { ...next, ...(old.id !== undefined && { id: old.id }), outputs: old.outputs };
    this.commit(kept);
    this.report.step("same", kept);
    return kept;
  }

  async create(wanted: Wanted, replaced?: ResourceState, diff: string[] = []): Promise<ResourceState> {
    const { next, provider } = wanted;
    next.outputs = await this.apply(wanted, async () => {
      await this.hooks.run(next.hooks.beforeCreate, "before", { ...named(next), newInputs: next.inputs });
      const created = await provider?.create(this.context(next, next.timeouts.create), reveal(next.inputs));
      if (created && created.id !== "") next.id = created.id;
      return created?.outputs ?? {};
    });
    if (replaced && !replaced.pendingReplacement) replaced.pendingDelete = true;
    this.commit(next);
    this.report.step(replaced ? "replace" : "create", next, diff);
    if (next.custom) await this.after(next.hooks.afterCreate, next);
    else this.components.set(next.urn, "new");
    return next;
  }

  async update(wanted: Wanted, old: ResourceState, diff: string[]): Promise<ResourceState> {
    const { next, provider } = wanted;
    if (old.id !== undefined) next.id = old.id;
    const args = { ...named(next), newInputs: next.inputs, oldInputs: old.inputs, oldOutputs: old.outputs };
    next.outputs = await this.apply(wanted, async () => {
      await this.hooks.run(next.hooks.beforeUpdate, "before", args);
      const context = this.context(next, next.timeouts.update);
      return (await provider?.update(context, plain(old), reveal(next.inputs))) ?? {};
    });
    this.commit(next);
    this.report.step("update", next, diff);
    if (next.custom) await this.after(next.hooks.afterUpdate, next, old);
    else this.components.set(next.urn, old);
    return next;
  }

  /** A component's outputs are the end of its step. */
  async completeComponent(resource: ResourceState): Promise<void> {
    this.save();
    const old = this.components.get(resource.urn);
    if (old === "new") await this.after(resource.hooks.afterCreate, resource);
    else if (old) await this.after(resource.hooks.afterUpdate, resource, old);
  }

  /** Deletes a resource for good, or ahead of its replacement. */
  async delete(old: ResourceState, replacing: boolean, goesWithAnother: boolean): Promise<void> {
    const args = { ...named(old), oldInputs: old.inputs, oldOutputs: old.outputs };
    try {
      await this.hooks.run(old.hooks.beforeDelete, "before", args);
      if (old.protect && !old.pendingDelete && !replacing) throw protectedFrom(old);
      const isOurs = old.custom && !old.retainOnDelete && !old.pendingReplacement && !goesWithAnother;
      if (isOurs && !this.preview) {
        await providerFor(old).delete(this.context(old, old.timeouts.delete), plain(old));
      }
    } catch (error) {
      throw this.failure(error);
    }
    if (replacing) old.pendingReplacement = true;
    else this.state.remove(old);
    this.save();
    await this.hooks.run(old.hooks.afterDelete, "after", args).catch((error) => {
      this.report.resourceFailed(error, old.urn);
    });
  }

  context(resource: ResourceState, timeoutSeconds?: number): StepContext {
    const { urn, type, provider } = resource;
    const config = provider === undefined ? undefined : this.state.find(provider);
    return {
      urn,
      type,
      name: nameOf(urn),
      preview: this.preview,
      config: config ? reveal(config.inputs) : {},
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      log: (severity, message, ephemeral = false) =>
        this.report.diagnostic({ severity, message, urn, ...(ephemeral && { ephemeral }) }),
    };
  }

  /** Does a step's work. What a provider made although it failed to become ready is kept, with the reason. */
  private async apply(wanted: Wanted, work: () => Promise<PropertyMap>): Promise<PropertyMap> {
    const marked = (outputs: PropertyMap): PropertyMap => {
      const result = copySecrets(outputs, wanted.next.inputs);
      for (const key of wanted.secretOutputs) if (key in result) result[key] = secret(result[key]);
      return result;
    };
    try {
      return marked(await work());
    } catch (error) {
      if (error instanceof PartialFailure) {
        const { id, outputs, message } = error;
        this.commit({ ...wanted.next, id, outputs: marked(outputs), initErrors: [message] });
      }
      throw this.failure(error);
    }
  }

  /** An after hook's failure fails the run; what was done before it stays done, and stays in the state. */
  private async after(names: string[], now: ResourceState, old?: ResourceState): Promise<void> {
    const before = old && { oldInputs: old.inputs, oldOutputs: old.outputs };
    const args = { ...named(now), newInputs: now.inputs, newOutputs: now.outputs, ...before };
    await this.hooks.run(names, "after", args).catch((error) => {
      this.report.resourceFailed(error, now.urn);
    });
  }

  /** In the words of the real engine. */
  private failure(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error);
    const listed = error instanceof PartialFailure ? `1 error occurred:\n\t* ${message}` : message;
    return new Error(this.preview ? `Preview failed: ${listed}` : listed);
  }

  private commit(resource: ResourceState): void {
    this.state.put(resource);
    this.save();
  }

  private save(): void {
    if (!this.preview) this.state.save();
  }
}

export function plain(resource: ResourceState): ResourceState {
  return { ...resource, inputs: reveal(resource.inputs), outputs: reveal(resource.outputs) };
}

function protectedFrom({ urn }: ResourceState): Error {
  return new Error(
    `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, remove the \`protect\` ` +
      "flag from the resource in your Pulumi program and run `pulumi up`",
  );
}

function named({ urn, id, type }: ResourceState): { urn: string; id?: string; name: string; type: string } {
  return { urn, type, name: nameOf(urn), ...(id !== undefined && { id }) };
}
