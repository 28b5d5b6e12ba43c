import type { Storage } from "../backends/backend";
import type { Configuration } from "../config/schema";
import type { FieldPath } from "../kubernetes/field-path";

/** What a cluster shows of its registry. It is data until platforms/text/ makes it text. */

export interface Trouble {
  readonly lags: readonly Lag[];
  readonly conditions: readonly Condition[];
  readonly pods: readonly PodTrouble[];
}

/** A condition as people read it; without its time, so that an unchanged one is equal. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What an administrator is to look at, and no up changes. */
export interface Ailment {
  /** Of the object that says it: Config, ImagePruner. */
  readonly kind: string;
  readonly condition: Condition;
}

/** A pod that does not serve, in the scheduler's or the kubelet's own words. */
export interface PodTrouble {
  readonly pod: string;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
}

/** A field of the registry's objects that others changed or are about to lose. */
export interface Drift {
  /** Of the live object: Config, Deployment, … */
  readonly kind: string;
  /** @default the registry has one of its kind */
  readonly name?: string | undefined;
  readonly path: FieldPath;
  /** @default it is gone */
  readonly is?: unknown;
  /** @default nothing */
  readonly asked?: unknown;
  /** Field managers. @default nobody is on record */
  readonly by: readonly string[];
  readonly remedy: "put back" | "evict" | "clear" | "change";
  /** Neither value is to be shown. */
  readonly isSecret?: boolean;
}

/** One thing that stands between the live registry and what is asked of it. */
export type Lag =
  /** The operator's Config says otherwise: it is yet to be written, or somebody writes against the stack. */
  | { readonly of: "Config"; readonly field: string; readonly is: unknown; readonly asked: unknown }
  /** What the operator reports of it does not follow it yet. */
  | { readonly of: "status"; readonly field: string; readonly is: unknown; readonly asked: unknown }
  /** It names no backend, or more than one. */
  | { readonly of: "backends"; readonly is: Storage }
  /** The Deployment or its pods do not have what is asked yet. */
  | ({ readonly of: "Deployment" } & ChangedField)
  | { readonly of: "condition"; readonly type: string; readonly is: Condition | undefined }
  /** A number of pods is not the one asked for. */
  | { readonly of: "rollout"; readonly is: RolloutState; readonly asked: number }
  | { readonly of: "endpoints"; readonly is: number; readonly asked: number }
  /** What must not be there any more. */
  | { readonly of: "leftover"; readonly kind: "deployment" }
  | { readonly of: "pods"; readonly left: number }
  | {
      readonly of: "missing";
      readonly kind: "deployment" | "service";
      /** An operator makes it by itself. */
      readonly maker: Configuration["platform"];
    };

/** A field of the Deployment or its pods that an apply changes. Values that may be secret are not in it. */
export interface ChangedField {
  /** As in the Config; `environment` has the variable's name besides. */
  readonly field: string;
  readonly variable?: string;
  readonly is?: unknown;
  readonly asked?: unknown;
}

export type RolloutState =
  | "being deleted"
  | "not begun"
  | {
      readonly updated: number;
      readonly all: number;
      readonly available: number;
      /** Of the Deployment's condition Progressing. */
      readonly reason: string;
    };
