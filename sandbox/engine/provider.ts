import type { ResourceState } from "./state";
import type { Diagnostic } from "./types";
import type { PropertyMap } from "./values";

export interface StepContext {
  urn: string;
  type: string;
  name: string;
  preview: boolean;
  /** The inputs of the provider resource in charge; empty for a default provider. */
  config: PropertyMap;
  /** From customTimeouts. */
  timeoutSeconds?: number;
  log(severity: Diagnostic["severity"], message: string, ephemeral?: boolean): void;
}

export interface Diff {
  changes: string[];
  /** Those of the changes that need a new object. */
  replaces: string[];
  deleteBeforeReplace: boolean;
}

/** What the sandbox knows of one package's resources. Every value is plain: the engine keeps track of the secrets. */
export interface Provider {
  /** The inputs with defaults filled in; `old` are those of the last run. */
  check?(context: StepContext, inputs: PropertyMap, old: PropertyMap | undefined): PropertyMap;
  diff(context: StepContext, old: ResourceState, inputs: PropertyMap): Promise<Diff> | Diff;
  /** In a preview the outputs known ahead, and no id unless that is known too. */
  create(context: StepContext, inputs: PropertyMap): Promise<{ id: string; outputs: PropertyMap }>;
  update(context: StepContext, old: ResourceState, inputs: PropertyMap): Promise<PropertyMap>;
  delete(context: StepContext, old: ResourceState): Promise<void>;
}

/** The object was made or changed and then did not become ready: kept in the state, tried again by the next up. */
export class PartialFailure extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: PropertyMap,
  ) {
    super(message);
  }
}
