import assert from "node:assert/strict";
import { nfs } from "../../../../backends/nfs";
import type { Configuration } from "../../../../config/schema";
import type { ConfigSpec } from "../../../../crds/types";
import { UserError } from "../../../../errors";
import { assertPossible } from "../../../../platforms/check";
import type { LiveOperator } from "../../../../platforms/operator/live";
import { registryManager } from "../../../../kubernetes/field-managers";
import { lostByManager, ownedByOther } from "../../../../kubernetes/managed-fields";
import { effectivePlacement } from "../../../../platforms/operator/pod";
import { preflight } from "../../../../platforms/operator/preflight";
import type { RegistryConfig } from "../../../../platforms/operator/registry";
import type { RegistryPlan } from "../../../../platforms/plan";
import { findingText } from "../../../../platforms/text";
import {
  claim,
  followed,
  infraLabel,
  live,
  onClaim,
  pendingPod,
  plan,
  registryConfig,
  removed,
  told,
  volume,
} from "../../support/fixtures";

const errors = (found: Partial<LiveOperator>, asked: Partial<RegistryPlan>) =>
  told(preflight(live(found), plan(asked))).errors;
const warnings = (found: Partial<LiveOperator>, asked: Partial<RegistryPlan> = {}) =>
  told(preflight(live(found), plan(asked))).warnings;
const onto = (name: string, changes: Partial<RegistryPlan> = {}) => ({ storage: onClaim(name), ...changes });
const registryClaim = claim("registry");
const section = {
  server: "nfs.example.com",
  path: "/srv/registry",
  size: "100Gi",
  accessModes: ["ReadWriteMany"],
};
const onNfs = (claimName: string) =>
  nfs({ nfs: { ...section, claimName, mountOptions: [], clientHosts: [] } } as unknown as Configuration);

/** The one error there must be. */
function error(found: Partial<LiveOperator>, asked: Partial<RegistryPlan>): string {
  const all = errors(found, asked);
  assert.equal(all.length, 1, `errors: ${all.join("; ") || "none"}`);
  return all[0] as string;
}

describe("a plan that fits the cluster", () => {
  it("passes without a word", () => {
    assert.deepEqual(told(preflight(live(), plan())), { errors: [], warnings: [] });
    assert.doesNotThrow(() => assertPossible({ errors: [] }));
  });
});

describe("an operator that does not run", () => {
  const operator = (replicas: number, availableReplicas: number) =>
    ({ spec: { replicas }, status: { availableReplicas } }) as LiveOperator["operator"];

  it("is an error when it is scaled down: nobody would do what the up asks", () => {
    assert.match(
      error({ operator: operator(0, 0) }, {}),
      /scaled down to 0.*: oc scale deployment cluster-image-registry-operator -n openshift-image-registry --repl/,
    );
    assert.deepEqual(errors({ operator: operator(0, 0) }, { managementState: "Unmanaged" }), []);
  });

  it("is a warning while its pod is not ready, and nothing where it runs or is not known", () => {
    assert.match(warnings({ operator: operator(1, 0) }).join(), /no pod of the registry's operator is ready/);
    for (const known of [operator(1, 1), undefined])
      assert.deepEqual(told(preflight(live({ operator: known }), plan())), { errors: [], warnings: [] });
  });
});

describe("what the namespace does not let in", () => {
  const quotas = [
    { metadata: { name: "few" }, spec: { hard: { pods: "1" } }, status: { used: { pods: "1" } } },
  ];
  const ranges = [
    { metadata: { name: "big" }, spec: { limits: [{ type: "Container", min: { memory: "1Gi" } }] } },
  ];
  const onTwo = { ...onto("registry"), acceptImageLoss: ["emptyDir"] };
  const found = { claims: [registryClaim], limits: { quotas, ranges: [] } };

  it("is told before a pod is missed, with what asks less of the quota", () => {
    const pods = [{ metadata: { name: "registry-1" }, status: { phase: "Running" } }];
    assert.match(
      error({ ...found, pods }, onTwo),
      /^rolloutStrategy: ResourceQuota "few" has 0 left of 1 pods; the new pod would take 1 while the old one stays.*"Recreate"/,
    );
    assert.deepEqual(errors({ ...found, pods }, { ...onTwo, rolloutStrategy: "Recreate" }), []);
    assert.match(
      error(found, onTwo),
      /^replicas: ResourceQuota "few" has 0 left of 1 pods; the pods would take 1/,
    );
  });

  it("is told of requests that a LimitRange refuses", () => {
    const limits = { quotas: [], ranges };
    assert.match(
      error({ ...found, limits }, onTwo),
      /^registry\.resources: LimitRange "big" allows a request of at least 1024 MiB of memory, and asked is 256 MiB/,
    );
  });

  it("is of no interest while the registry serves as it is", () => {
    assert.deepEqual(told(preflight(live({ limits: { quotas, ranges } }), plan())), {
      errors: [],
      warnings: [],
    });
  });
});

describe("images", () => {
  const claims = [registryClaim];

  it("in emptyDir are not left behind without a word", () => {
    const message = error({ claims }, onto("registry"));
    assert.match(message, /keeps its images in emptyDir, and pvc "registry" would not have them/);
    assert.match(message, /acceptImageLoss: emptyDir$/);
  });

  it("on a claim are not left behind by a change to another claim", () => {
    const config = registryConfig({ storage: onClaim("old") });
    assert.match(error({ config, claims }, onto("registry")), /in pvc "old", and pvc "registry"/);
  });

  it("are where the pods write them, not where the spec already points", () => {
    const config = registryConfig({ storage: onClaim("registry") });
    assert.match(
      error({ config, claims, deployment: followed(registryConfig()) }, onto("registry")),
      /in emptyDir/,
    );
  });

  it("stay when the store stays the same", () => {
    const config = registryConfig({ storage: onClaim("registry") });
    assert.deepEqual(errors({ config, claims }, onto("registry", { replicas: 2 })), []);
  });

  it("may be left when the stack accepts it, when there are none, or when no registry runs", () => {
    assert.deepEqual(errors({ claims }, onto("registry", { acceptImageLoss: ["emptyDir"] })), []);
    assert.deepEqual(errors({ claims, holdsImages: false }, onto("registry")), []);
    assert.deepEqual(errors({ claims, deployment: undefined }, onto("registry")), []);
  });

  it("count as there when the cluster cannot tell, and the message says so", () => {
    assert.match(
      error({ claims, holdsImages: undefined }, onto("registry")),
      /does not say whether any were pushed/,
    );
  });

  it("in emptyDir go with the pods of a registry that is Removed; on a claim they stay", () => {
    const managementState = "Removed";
    assert.match(
      error({}, { managementState }),
      /^managementState: "Removed" deletes the pods, .*acceptImageLoss/,
    );
    const config = registryConfig({ storage: onClaim("registry") });
    assert.deepEqual(errors({ config, claims }, onto("registry", { managementState })), []);
  });

  it("are not at stake while the operator leaves the registry alone", () => {
    assert.deepEqual(errors({ claims }, onto("registry", { managementState: "Unmanaged" })), []);
  });
});

describe("an existing claim that the stack names", () => {
  const bare = { holdsImages: false };
  const single = claim("registry", { accessModes: ["ReadWriteOnce"] });

  it("must be there; the message lists those that are", () => {
    const message = error({ ...bare, claims: [claim("a"), claim("b")] }, onto("registry"));
    assert.match(message, /^pvc\.claim: "registry" does not exist .*\(claims there: "a", "b"\)/);
    assert.match(error(bare, onto("registry")), /claims there: none/);
  });

  it("need not be there for a registry that is taken down", () => {
    assert.deepEqual(errors(bare, onto("registry", { managementState: "Removed" })), []);
  });

  it("with ReadWriteOnce takes one replica, with Recreate", () => {
    const claims = [single];
    assert.deepEqual(errors({ ...bare, claims }, onto("registry", { rolloutStrategy: "Recreate" })), []);
    assert.match(
      error({ ...bare, claims }, onto("registry")),
      /^rolloutStrategy: "RollingUpdate".*needs "Recreate"/,
    );
    const two = onto("registry", { rolloutStrategy: "Recreate", replicas: 2 });
    assert.match(error({ ...bare, claims }, two), /^replicas: 2, .*serves 1 replica/);
  });

  it("with ReadWriteMany among its modes takes any", () => {
    const claims = [claim("registry", { accessModes: ["ReadWriteOnce", "ReadWriteMany"] })];
    assert.deepEqual(errors({ ...bare, claims }, onto("registry", { replicas: 2 })), []);
  });

  it("must be writable by a pod, and not Lost", () => {
    const readOnly = claim("registry", { accessModes: ["ReadOnlyMany"] });
    assert.match(error({ ...bare, claims: [readOnly] }, onto("registry")), /access modes ReadOnlyMany/);
    assert.match(error({ ...bare, claims: [claim("registry", {}, "Lost")] }, onto("registry")), /is Lost/);
  });

  it("may be Pending where its class binds it when the pod comes, and not where the pod would wait with it", () => {
    const ofClass = (storageClassName: string) => claim("registry", { storageClassName }, "Pending");
    const classes = [
      { metadata: { name: "local" }, provisioner: "a", volumeBindingMode: "WaitForFirstConsumer" },
      { metadata: { name: "cephfs" }, provisioner: "b", volumeBindingMode: "Immediate" },
    ];
    const found = (name: string) => ({ ...bare, classes, claims: [ofClass(name)] });
    assert.deepEqual(errors(found("local"), onto("registry")), []);
    assert.match(
      error(found("cephfs"), onto("registry")),
      /is Pending: it waits for class "cephfs" to provide/,
    );
    assert.match(error(found(""), onto("registry")), /is Pending: it waits for a volume without a class/);
    assert.match(
      error(found("gone"), onto("registry")),
      /class "gone" which is not there, or may not be read/,
    );
  });

  it("must not be on its way out: no new pod may use it", () => {
    const going = claim("registry");
    going.metadata = { ...going.metadata, deletionTimestamp: new Date() };
    assert.match(error({ ...bare, claims: [going] }, onto("registry")), /"registry" is being deleted/);
  });
});

describe("the claim and volume that the stack makes", () => {
  it("are checked against those on the cluster", () => {
    const claims = [claim("registry", { volumeName: "pvc-1" })];
    assert.match(
      error({ holdsImages: false, claims }, onto("registry", { backend: onNfs("registry") })),
      /bound to volume "pvc-1"/,
    );
    assert.deepEqual(errors({ holdsImages: false }, onto("registry", { backend: onNfs("registry") })), []);
  });
});

describe("a warning", () => {
  it("says what is wrong now, once, with the pods' own messages", () => {
    const Progressing = { status: "True", reason: "Error", message: "no such claim" } as const;
    const config = registryConfig({}, { conditions: { Progressing, StorageExists: "False" } });
    const [text = "", ...more] = warnings({ config, pods: [pendingPod("0/3 nodes are available")] });
    assert.deepEqual(more, []);
    assert.match(text, /has not converged/);
    assert.match(text, /StorageExists=False/);
    assert.match(text, /pod image-registry-7d4b9-x2x4q \(Pending\): Unschedulable: 0\/3 nodes are available/);
    assert.equal(text.split("no such claim").length, 2, text);
  });

  it("is not given for a registry that is down as it was asked to be", () => {
    const config = registryConfig({ managementState: "Removed" }, { conditions: removed });
    assert.deepEqual(warnings({ config, deployment: undefined }), []);
  });
});

describe("errors", () => {
  it("come together, as one that a user caused, and say that nothing was changed", () => {
    assert.throws(
      () =>
        assertPossible({
          errors: [
            { kind: "store is nearly full", room: { free: 1, size: 100 } },
            { kind: "node is missing", field: "placement.nodes", node: "infra-7" },
          ],
        }),
      (thrown: unknown) =>
        thrown instanceof UserError &&
        /^nothing was changed:\n {2}- only 1 % .*\n {2}- placement\.nodes: .* no node "infra-7"$/.test(
          thrown.message,
        ),
    );
  });
});

describe("another claim on the export that the pods use", () => {
  const config = registryConfig({ storage: onClaim("registry") });

  it("has the same images", () => {
    const found = { config, deployment: followed(config), volumeInUse: volume() };
    assert.deepEqual(errors(found, { storage: onClaim("renamed"), backend: onNfs("renamed") }), []);
  });

  it("has others where the export is another one", () => {
    const found = {
      config,
      deployment: followed(config),
      volumeInUse: volume({ nfs: { server: "nfs.example.com", path: "/old" } }),
    };
    assert.match(
      error(found, { storage: onClaim("renamed"), backend: onNfs("renamed") }),
      /would not have them/,
    );
  });
});

describe("another manager's field", () => {
  const config = registryConfig({ nodeSelector: { pool: "theirs", [infraLabel]: "" } });
  const entry = (manager: string, operation: string, keys: string[]) => ({
    manager,
    operation,
    fieldsV1: { "f:spec": { "f:nodeSelector": Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) } },
  });
  const owned = {
    ...config,
    metadata: {
      ...config.metadata,
      managedFields: [
        entry(registryManager, "Apply", [infraLabel]),
        entry("kubectl-patch", "Update", ["pool"]),
      ],
    },
  };

  it("is told from ours by manager and operation", () => {
    const owner = (key: string) => ownedByOther(owned, registryManager, ["spec", "nodeSelector", key]);
    assert.deepEqual([owner("pool"), owner(infraLabel), owner("nobody's")], [true, false, false]);
    const updated = { ...config, metadata: { managedFields: [entry("ours", "Update", ["pool"])] } };
    assert.ok(ownedByOther(updated, "ours", ["spec", "nodeSelector", "pool"]));
  });

  it("of the nodeSelector stays in force beside ours, and what we no longer ask for does not", () => {
    const selector = (nodeSelector: Record<string, string>) =>
      effectivePlacement(owned, { placement: { nodeSelector, tolerations: [] } }).nodeSelector;
    assert.deepEqual(selector({ zone: "a" }), { pool: "theirs", zone: "a" });
    assert.deepEqual(selector({ pool: "ours" }), { pool: "ours" });
  });

  it("of the tolerations stays in force when we have none, and gives way when we have some", () => {
    const theirs = [{ key: "pool", operator: "Exists" }];
    const managedFields = [
      { manager: "kubectl-patch", operation: "Update", fieldsV1: { "f:spec": { "f:tolerations": {} } } },
    ];
    const tolerating = { ...registryConfig({ tolerations: theirs }), metadata: { managedFields } };
    const tolerations = (ours: { key: string; operator: string }[]) =>
      effectivePlacement(tolerating, {
        placement: { nodeSelector: {}, tolerations: ours },
      }).tolerations;
    assert.deepEqual(tolerations([]), theirs);
    const ours = [{ key: infraLabel, operator: "Exists" }];
    assert.deepEqual(tolerations(ours), ours);
  });

  it("was taken from us when we applied the object and no longer own it", () => {
    const lost = (key: string) => lostByManager(owned, registryManager, ["spec", "nodeSelector", key]);
    assert.deepEqual([lost("pool"), lost(infraLabel)], [true, false]);
    assert.equal(lostByManager(config, registryManager, ["spec", "nodeSelector", "pool"]), false);
  });
});

describe("the images in an emptyDir", () => {
  const debug: Partial<RegistryPlan> = { settings: { logLevel: "Debug" } };

  it("are not lost to a change that replaces the pod, and the message says which it is", () => {
    assert.match(
      error({ holdsImages: undefined }, debug),
      /replaced for environment REGISTRY_LOG_LEVEL, and the images in its emptyDir go .*acceptImageLoss: emptyDir$/,
    );
  });

  it("are not lost to a setting that the stack asks for no longer, either", () => {
    const affinity = {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone" }] },
    };
    const config = applied({ affinity, nodeSelector: { pool: "a" } }, [
      ["affinity"],
      ["nodeSelector", "pool"],
    ]);
    assert.match(error({ config }, {}), /replaced for nodeSelector, affinity, and the images/);
  });

  it("may be lost where the stack says so, which the preview repeats", () => {
    const accepted = { ...debug, acceptImageLoss: ["emptyDir"] };
    assert.deepEqual(errors({}, accepted), []);
    assert.match(warnings({}, accepted).join(), /acceptImageLoss says that this is meant/);
    const { notes } = preflight(live(), plan({ acceptImageLoss: ["emptyDir"] }));
    assert.match(notes?.map(findingText).join() ?? "", /^acceptImageLoss: is on for emptyDir/);
  });

  it("stay where no pod is replaced, and need no word where there are none", () => {
    assert.deepEqual(errors({}, {}), []);
    assert.deepEqual(errors({}, { replicas: 2 }), []);
    assert.deepEqual(errors({ holdsImages: false }, debug), []);
  });
});

describe("the images of a registry that is down", () => {
  const config = applied({ managementState: "Removed", storage: onClaim("old") }, [
    ["storage", "pvc", "claim"],
  ]);
  const down = { config, deployment: undefined, claims: [registryClaim, claim("old")] };

  it("are not left for another store, be it asked Removed or Managed", () => {
    for (const managementState of ["Removed", "Managed"] as const) {
      const asked = { storage: onClaim("registry"), managementState };
      assert.match(
        error(down, asked),
        /^backend: the registry is down, and its images are in pvc "old", and .*acceptImageLoss: pvc old$/,
      );
      assert.deepEqual(errors(down, { ...asked, acceptImageLoss: ["pvc old"] }), []);
    }
  });

  it("are served again from the same store", () => {
    assert.deepEqual(errors(down, { storage: onClaim("old") }), []);
  });
});

describe("the images in an object store", () => {
  const azure = (accountName?: string) => ({
    managementState: "Unmanaged",
    azure: { container: "images", ...(accountName && { accountName }) },
  });
  const env = { REGISTRY_STORAGE: "azure", REGISTRY_STORAGE_AZURE_CONTAINER: "images" };
  const serving = (accountName: string, ours: boolean) => {
    const config = applied(
      { storage: azure(accountName) },
      ours ? [["storage", "azure", "accountName"]] : [],
    );
    const settings = Object.entries({ ...env, REGISTRY_STORAGE_AZURE_ACCOUNTNAME: accountName });
    const deployment = followed(config, {
      volumes: [],
      env: settings.map(([name, value]) => ({ name, value })),
    });
    const [container] = deployment.spec!.template.spec!.containers;
    container!.env = container!.env!.filter(({ value }) => value !== "filesystem");
    return { config, deployment };
  };

  it("are not left for a container of the same name in another account", () => {
    assert.match(
      error(serving("one", true), { storage: azure("two") }),
      /in azure container "images" of one, and azure container "images" of two .*acceptImageLoss: azure images one$/,
    );
    assert.deepEqual(errors(serving("one", true), { storage: azure("one") }), []);
  });

  it("stay where the operator found the account, and not where the stack no longer names it", () => {
    assert.deepEqual(errors(serving("one", false), { storage: azure() }), []);
    assert.match(error(serving("one", true), { storage: azure() }), /acceptImageLoss: azure images one$/);
  });
});

/** A Config in which our manager owns these paths of the spec. */
function applied(spec: Partial<ConfigSpec>, paths: string[][]): RegistryConfig {
  const config = registryConfig(spec);
  const fields = paths.reduce((all, path) => union(all, path), {});
  const managedFields = [
    {
      manager: registryManager,
      operation: "Apply",
      fieldsV1: { "f:spec": { ...fields, "f:httpSecret": {} } },
    },
  ];
  return { ...config, metadata: { ...config.metadata, managedFields } };
}

function union(fields: Record<string, object>, [first = "", ...rest]: string[]): Record<string, object> {
  const inner = (fields[`f:${first}`] ?? {}) as Record<string, object>;
  return { ...fields, [`f:${first}`]: rest.length ? union(inner, rest) : inner };
}
