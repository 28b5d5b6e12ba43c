import assert from "node:assert/strict";
import type { V1Deployment } from "@kubernetes/client-node";
import { unfinished, unsettled } from "../../../../platforms/operator/convergence";
import type { RegistryConfig } from "../../../../platforms/operator/registry";
import { lagTexts } from "../../../../platforms/text";
import { followed, infraLabel, onClaim, plan, registryConfig, removed } from "../../support/fixtures";

const waiting = (config: RegistryConfig, deployment: V1Deployment | undefined = followed(config)) =>
  lagTexts(unsettled({ config, deployment, pods: [] }));

/** All that is waited for, as one text; there must be something. */
function waitsFor(config: RegistryConfig, deployment?: V1Deployment): string {
  const lines = waiting(config, deployment);
  assert.notEqual(lines.length, 0, "it passes as converged");
  return lines.join("\n");
}

const withStatus = (deployment: V1Deployment, status: V1Deployment["status"]): V1Deployment => ({
  ...deployment,
  status: { ...deployment.status, ...status },
});

describe("a registry that serves what was asked", () => {
  it("has converged", () => {
    assert.deepEqual(waiting(registryConfig()), []);
    assert.deepEqual(waiting(registryConfig({ replicas: 2, storage: onClaim("registry") })), []);
  });

  it("has converged without anyone looking at it when it is Unmanaged", () => {
    assert.deepEqual(waiting(registryConfig({ managementState: "Unmanaged" }, { generation: 1 })), []);
  });
});

describe("a Config that is green too early", () => {
  const before = followed(registryConfig());

  it("has not converged while the pods still use the storage of before", () => {
    const text = waitsFor(registryConfig({ storage: onClaim("registry") }), before);
    assert.match(text, /storage \(pods use emptyDir, asked is pvc "registry"\)/);
  });

  it("has not converged while the deployment has the replicas of before", () => {
    assert.match(waitsFor(registryConfig({ replicas: 2 }), before), /replicas 1 of 2/);
  });

  it("has not converged while the deployment has the nodeSelector of before", () => {
    assert.match(waitsFor(registryConfig({ nodeSelector: { [infraLabel]: "" } }), before), /nodeSelector/);
  });

  it("has not converged while the pods have the environment of before", () => {
    assert.match(waitsFor(registryConfig({ readOnly: true }), before), /MAINTENANCE_READONLY/);
  });

  it("has not converged when the deployment is right and its rollout has not begun", () => {
    const config = registryConfig({ storage: onClaim("registry") });
    const fresh = followed(config);
    const unseen = { ...fresh, metadata: { ...fresh.metadata, generation: 4 } };
    assert.match(waitsFor(config, unseen), /rollout has not begun/);
  });

  it("has not converged while the operator has seen an older generation", () => {
    assert.match(waitsFor(registryConfig({}, { generation: 6 })), /seen generation 6 of 7/);
  });

  it("has not converged while its status names another claim", () => {
    const config = registryConfig({ storage: onClaim("new") }, { storage: { pvc: { claim: "old" } } });
    assert.match(waitsFor(config), /status\.storage is pvc "old", asked is pvc "new"/);
  });

  it("has not converged when there is no deployment", () => {
    const lines = lagTexts(unsettled({ config: registryConfig(), deployment: undefined, pods: [] }));
    assert.match(lines.join(), /no deployment yet/);
  });
});

describe("a rollout", () => {
  const config = registryConfig({ replicas: 2, storage: onClaim("registry") });
  const deployment = followed(config);

  it("is not done while an old pod keeps Available=True", () => {
    const text = waitsFor(config, withStatus(deployment, { replicas: 3, updatedReplicas: 1 }));
    assert.match(text, /1 updated, 2 available, 3 in all, 2 asked/);
  });

  it("is not done while a new pod is not available", () => {
    assert.match(waitsFor(config, withStatus(deployment, { availableReplicas: 1 })), /1 available/);
  });

  it("is not done while the deployment reports progress of another kind, whatever the counts", () => {
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }];
    assert.match(waitsFor(config, withStatus(deployment, { conditions })), /ProgressDeadlineExceeded/);
  });

  it("says why the API server lets no pod in, which neither the Config nor a pod tells", () => {
    const message = 'pods "image-registry-7f" is forbidden: exceeded quota: few';
    const refused = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message };
    const text = waitsFor(config, withStatus(deployment, { updatedReplicas: 0, conditions: [refused] }));
    assert.match(text, /ReplicaFailure=True \(FailedCreate\): pods .* exceeded quota: few/);
  });

  it("is not done on a deployment that is being deleted", () => {
    const deleted = { ...deployment, metadata: { ...deployment.metadata, deletionTimestamp: new Date() } };
    assert.match(waitsFor(config, deleted), /being deleted/);
  });
});

describe("a refused Config", () => {
  it("with two backends has not converged although an old pod keeps it Available", () => {
    const storage = { ...onClaim("registry"), emptyDir: {} };
    const text = waitsFor(registryConfig({ storage }), followed(registryConfig()));
    assert.match(text, /storage has 2 backends \(emptyDir and pvc "registry"\), not one/);
  });

  it("without a backend has not converged", () => {
    assert.match(waitsFor(registryConfig({ storage: {} })), /storage has 0 backends/);
  });

  it("is told in the operator's own words", () => {
    const Progressing = {
      status: "True",
      reason: "Error",
      message: "Unable to apply resources: no claim",
    } as const;
    assert.match(
      waitsFor(registryConfig({}, { conditions: { Progressing } })),
      /Progressing=True \(Error\): Unable to apply resources: no claim/,
    );
  });

  it("is told by its cause first, of which the rest is what comes", () => {
    const Available = { status: "False", reason: "DeploymentNotFound" } as const;
    const Progressing = { status: "True", reason: "Error", message: "no pull secret" } as const;
    const config = registryConfig({}, { conditions: { Available, Progressing } });
    const [first, ...rest] = lagTexts(unsettled({ config, deployment: undefined, pods: [] }));
    assert.equal(first, "Progressing=True (Error): no pull secret");
    assert.match(rest.join(), /Available=False.*no deployment yet/);
  });

  it("is waited for while any condition is not as it should be, or not set", () => {
    for (const [type, status] of [
      ["Available", "False"],
      ["Degraded", "True"],
      ["Removed", "True"],
      ["Available", "Unknown"],
    ] as const) {
      const text = waitsFor(registryConfig({}, { conditions: { [type]: status } }));
      assert.match(text, new RegExp(`${type}=${status}`));
    }
    const fresh = { ...registryConfig(), status: undefined };
    assert.match(waitsFor(fresh, followed(fresh)), /condition Available is not set yet/);
  });
});

describe("a registry asked to be Removed", () => {
  const spec = { managementState: "Removed" };

  it("has converged when its deployment is gone and the Config says so", () => {
    assert.deepEqual(
      unsettled({ config: registryConfig(spec, { conditions: removed }), deployment: undefined, pods: [] }),
      [],
    );
  });

  it("has not while the deployment is there", () => {
    assert.match(waitsFor(registryConfig(spec, { conditions: removed })), /deployment is still there/);
  });

  it("has not while the Config is merely green", () => {
    const lines = lagTexts(unsettled({ config: registryConfig(spec), deployment: undefined, pods: [] }));
    assert.match(lines.join(), /Removed=False/);
  });

  it("and asked back has not converged while it is green as Removed", () => {
    assert.match(waitsFor(registryConfig({}, { conditions: removed })), /Removed=True/);
  });
});

describe("a registry whose Config says other than the stack", () => {
  const against = (spec: Parameters<typeof registryConfig>[0], asked: Parameters<typeof plan>[0] = {}) => {
    const config = registryConfig(spec);
    return lagTexts(unfinished({ config, deployment: followed(config), pods: [] }, plan(asked)));
  };

  it("does not serve what the stack asks for, however green it is", () => {
    assert.deepEqual(against({}), []);
    assert.deepEqual(against({ replicas: 2 }), ["replicas is 2, the stack asks for 1"]);
    assert.deepEqual(against({}, { storage: onClaim("images") }), [
      'storage is emptyDir, the stack asks for pvc "images"',
    ]);
    assert.deepEqual(against({ managementState: "Unmanaged" }), [
      "managementState is Unmanaged, the stack asks for Managed",
    ]);
  });
});
