import type { Storage } from "../backends/backend";
import type { StoreFinding } from "../backends/finding";
import type { Configuration } from "../config/schema";
import type { Taint } from "../kubernetes/node-role";
import type { OutOfRange } from "../kubernetes/limit-range";
import type { Shortage } from "../kubernetes/quota";
import type { Obstacle } from "../kubernetes/scheduling/obstacle";
import type { Room } from "../kubernetes/volume-stats";
import type { Ailment, ChangedField, Trouble } from "./observed";

/**
 * What the live cluster has against what is asked, or an up is about to do for it. `field` is the key of the configuration
 * that it is about; one without is about the registry as a whole. A new kind needs its words in platforms/text/.
 */
export type Finding =
  | StoreFinding
  | ImageFinding
  | MoveFinding
  | PlacementFinding
  | LimitFinding
  | RoleFinding
  | ObjectFinding
  | RegistryFinding;

export interface Findings {
  /** What would break or lose something: the run ends before anything is touched. */
  readonly errors: readonly Finding[];
  /** What is wrong now, or about to be changed by force. */
  readonly warnings: readonly Finding[];
  /** What is good to know. @default nothing */
  readonly notes?: readonly Finding[];
  /** Why the live registry does not serve what it was last asked. @default it does */
  readonly trouble?: Trouble | undefined;
}

/** Images that nothing would have any more. */
export type ImageLoss = {
  readonly store: Storage;
  /** Whether the cluster says that any were pushed; else it cannot tell. */
  readonly isKnown: boolean;
  /** By acceptImageLoss. */
  readonly isAccepted: boolean;
} & (
  | { readonly kind: "images go with the registry"; readonly field: "managementState" }
  /** Where it cannot be told what changes, there are no changes. */
  | {
      readonly kind: "images go with the pod";
      readonly field: "backend";
      readonly changes: readonly ChangedField[];
    }
  | {
      readonly kind: "images stay behind";
      readonly field: "backend";
      readonly asked: Storage;
      /** No pod of the registry runs. */
      readonly isDown: boolean;
      /** copyImages would take them along. */
      readonly canMove: boolean;
    }
);

export type ImageFinding =
  | ImageLoss
  | {
      readonly kind: "loss is accepted";
      readonly field: "acceptImageLoss";
      readonly stores: readonly string[];
    }
  /** With its claim, the volume goes or is emptied. */
  | {
      readonly kind: "volume is not retained";
      readonly field: "pvc.claim";
      readonly volume: string;
      readonly policy: string;
      readonly claim: string | undefined;
    };

/** What a store holds. */
export interface ImageSurvey {
  readonly repositories: number;
  readonly blobs: number;
  readonly bytes: number;
  /** That it took to list all files. */
  readonly seconds: number;
}

/** Bytes, as far as they are known. */
export interface MoveRoom {
  readonly size?: number | undefined;
  readonly free?: number | undefined;
}

/** Images that copyImages takes along, or why it cannot. Claims by their names. */
export type MoveFinding =
  | ({ readonly field: "copyImages" } & (
      | { readonly kind: "store does not move"; readonly from: Storage; readonly to: Storage }
      | { readonly kind: "mover has no image"; readonly from: Storage }
      /** `create jobs`, of this user. */
      | { readonly kind: "rights are missing"; readonly missing: readonly string[] }
      | { readonly kind: "emptyDirs are several" }
      | {
          readonly kind: "claims share no node";
          readonly from: string;
          readonly to: string;
          /** The node that has the former, and what it has against the latter. @default none has it */
          readonly holder?: { readonly node: string; readonly obstacle: Obstacle };
        }
      | {
          readonly kind: "target is too small";
          readonly claim: string;
          readonly bytes: number;
          readonly size: number;
        }
      | {
          readonly kind: "images will move";
          readonly from: Storage;
          readonly claim: string;
          /** Or why nobody can look. */
          readonly seen: ImageSurvey | string;
          readonly room: MoveRoom;
        }
    ))
  /** `since` is an ISO time, `from` the store whose images were to move. */
  | {
      readonly kind: "pushes are held";
      readonly field?: undefined;
      readonly since: string;
      readonly from: Storage;
    };

/** What each of the first nodes has to say. */
export interface NodeVerdicts {
  readonly of: readonly {
    readonly name: string;
    /** So many replicas it takes. */
    readonly takes: number;
    /** Why it takes no more. */
    readonly obstacle: Obstacle | undefined;
  }[];
  readonly more: number;
}

export type PlacementFinding =
  | { readonly kind: "node is missing"; readonly field: "placement.nodes"; readonly node: string }
  | {
      readonly kind: "pods find no node";
      readonly field: "replicas";
      readonly is: number;
      readonly asked: number;
      readonly nodeSelector: Readonly<Record<string, string>>;
      readonly nodes: NodeVerdicts;
    }
  /** While the old ones stay. */
  | { readonly kind: "new pod finds no node"; readonly field: "replicas"; readonly nodes: NodeVerdicts }
  | { readonly kind: "replicas may share a node"; readonly field: "replicas"; readonly asked: number }
  | { readonly kind: "anti-affinity names no pods"; readonly field: "registry.affinity" };

/** What the API server does not let in, for a quota or a LimitRange of the namespace. */
export type LimitFinding =
  | {
      readonly kind: "pod is out of range";
      readonly field: "registry.resources";
      readonly amount: OutOfRange;
    }
  | { readonly kind: "claim is out of range"; readonly field: SizeField; readonly amount: OutOfRange }
  | { readonly kind: "quota lets no pods in"; readonly field: "replicas"; readonly shortage: Shortage }
  /** While the old ones stay. */
  | {
      readonly kind: "quota lets no new pod in";
      readonly field: "rolloutStrategy";
      readonly shortage: Shortage;
    }
  | { readonly kind: "quota lets no claim in"; readonly field: SizeField; readonly shortage: Shortage };

type SizeField = "nfs.size" | "pvc.size";

/** What the stack changes on nodes that others use, too. */
export type RoleFinding = { readonly field: "placement.nodes" } & (
  | {
      readonly kind: "node's label changes";
      readonly node: string;
      readonly key: string;
      readonly is: string;
      readonly asked: string;
    }
  | {
      readonly kind: "node's taint changes";
      readonly node: string;
      readonly is: Taint;
      readonly asked: Taint;
    }
  /** How many pods of each namespace; nothing where this user may not see them. */
  | {
      readonly kind: "taint evicts";
      readonly node: string;
      readonly taints: readonly Taint[];
      readonly pods: ReadonlyMap<string, number> | undefined;
    }
  | {
      readonly kind: "no node is left to others";
      readonly nodes: readonly string[];
      readonly taints: readonly Taint[];
    }
);

/** An object that the configuration names, and that others make. */
export interface Reference {
  /** The key of the configuration that names it. */
  readonly field: string;
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly namespace: string;
  /** What is looked for in it. */
  readonly keys: readonly string[];
  /** Where it is looked for instead, if it is not there. */
  readonly instead?: readonly string[];
}

/** A Secret with the file of users under its key. */
export interface Users {
  readonly field: "standalone.htpasswdSecret";
  readonly namespace: string;
  readonly secret: string;
  readonly key: string;
}

export type ObjectFinding =
  | {
      readonly kind: "object is missing";
      readonly field: string;
      readonly platform: Configuration["platform"];
      readonly object: Reference;
    }
  | ({ readonly kind: "users are missing" } & Users)
  | ({ readonly kind: "nobody can log in" } & Users)
  | ({ readonly kind: "password is not bcrypt" } & Users)
  | {
      readonly kind: "object is another's";
      readonly field: "standalone.namespace";
      readonly namespace: string;
      readonly object: string;
      readonly name: string;
    }
  /** The stack made them, and gives none any more. */
  | {
      readonly kind: "keys go";
      readonly field: "s3AccessKey";
      readonly secret: string;
      readonly namespace: string;
    }
  | {
      readonly kind: "keys cannot change";
      readonly field: "s3AccessKey";
      readonly secret: string;
      readonly namespace: string;
    }
  /** Full names: organization/project/stack. No holder is named by a ConfigMap that is damaged. */
  | {
      readonly kind: "cluster is another's";
      readonly field: "stack";
      readonly is: string | undefined;
      readonly asked: string;
      readonly configMap: string;
      readonly namespace: string | undefined;
    };

export type RegistryFinding =
  | {
      readonly kind: "redirect is not followed";
      readonly field: "s3.regionEndpoint";
      readonly endpoint: string;
      readonly because: "only pods know the name" | "plain HTTP";
    }
  /** All its pods are missing; scaled down, nobody is to make them. */
  | {
      readonly kind: "operator does not run";
      readonly field?: undefined;
      readonly deployment: string;
      readonly namespace: string;
      readonly isScaledDown: boolean;
    }
  | { readonly kind: "part is unwell"; readonly field?: undefined; readonly part: Ailment }
  | { readonly kind: "store is nearly full"; readonly field?: undefined; readonly room: Room }
  /** By the operator, after somebody deleted the one that this stack wrote to. */
  | {
      readonly kind: "Config was made anew";
      readonly field?: undefined;
      readonly managementState: string | undefined;
      readonly storage: Storage;
    }
  /** Where the stack no longer asks for it, and nobody would look after it. */
  | {
      readonly kind: "registry would be nobody's";
      readonly field: MovedBy;
      readonly namespace: string;
      readonly deployment: string;
      readonly storage: Storage;
      readonly configMap: string;
    }
  /** Of a registry of the stack that is down there. */
  | {
      readonly kind: "claim stays behind";
      readonly field: MovedBy;
      readonly namespace: string;
      readonly claim: string;
    };

/** What says where a stack's registry is. */
export type MovedBy = "platform" | "standalone.namespace";
