import assert from "node:assert/strict";

import type { V1Deployment } from "@kubernetes/client-node";

import { type Config, PermanentError } from "../../../../sandbox/operator/model";
import { reportStatus } from "../../../../sandbox/operator/status";

type Spec = Partial<Config["spec"]>;

function report(spec: Spec, deployment?: V1Deployment, error?: Error): Record<string, string> {
  const config: Config = {
    metadata: { generation: 7 },
    spec: { replicas: 1, storage: {}, ...spec },
    status: { storage: {}, storageManaged: false },
  };
  reportStatus(config, deployment, error);
  assert.equal(config.status.observedGeneration, 7);
  return Object.fromEntries(
    config.status
      .conditions!.filter(({ type }) => !type.match(/Observation|Controller|Daemon/))
      .map(({ type, status, reason, message }) => [
        type,
        [status, reason, message].filter(Boolean).join(" | "),
      ]),
  );
}

function deployment(
  available: number,
  replicas: number,
  progressing = "NewReplicaSetAvailable",
): V1Deployment {
  const status = progressing === "ProgressDeadlineExceeded" ? "False" : "True";
  const conditions = [
    { type: "Progressing", status, reason: progressing, message: `${progressing} message` },
  ];
  return { status: { availableReplicas: available, replicas, conditions } };
}

const managed = { managementState: "Managed" };
const removed = { managementState: "Removed" };

describe("the operator stand-in's conditions", () => {
  it("are green for a complete Deployment", () => {
    assert.deepEqual(report(managed, deployment(1, 1)), {
      Available: "True | Ready | The registry is ready",
      Progressing: "False | Ready | The registry is ready",
      Degraded: "False",
      Removed: "False",
    });
  });

  it("say that a new Deployment has no pods yet", () => {
    const conditions = report(managed, deployment(0, 1, "ReplicaSetUpdated"));
    assert.match(conditions.Available!, /^False \| NoReplicasAvailable/);
    assert.match(conditions.Progressing!, /^True \| DeploymentNotCompleted/);
  });

  it("count a Deployment that misses pods as available", () => {
    const conditions = report(managed, deployment(1, 2, "ReplicaSetUpdated"));
    assert.match(conditions.Available!, /^True \| MinimumAvailability/);
    assert.match(conditions.Progressing!, /^True \| DeploymentNotCompleted/);
    assert.equal(conditions.Degraded, "False");
  });

  it("turn Degraded when the rollout's deadline is over", () => {
    const conditions = report(managed, deployment(1, 2, "ProgressDeadlineExceeded"));
    assert.match(
      conditions.Degraded!,
      /^True \| ProgressDeadlineExceeded \| .*timed out progressing: ProgressDead/,
    );
  });

  it("leave the old pods' Available and Degraded alone when the new configuration is refused", () => {
    assert.deepEqual(report(managed, deployment(1, 1), new Error("no")), {
      Available: "True | Ready | The registry is ready",
      Progressing: "True | Error | Unable to apply resources: no",
      Degraded: "False",
      Removed: "False",
    });
  });

  it("turn Degraded, and stop progressing, on an error that trying again cannot mend", () => {
    assert.deepEqual(report(managed, undefined, new PermanentError("StorageNotConfigured", "no storage")), {
      Available: "False | StorageNotConfigured | Error: no storage",
      Progressing: "False | Error | Unable to apply resources: no storage",
      Degraded: "True | StorageNotConfigured | Error: no storage",
      Removed: "False",
    });
  });

  it("are green too while the registry is removed: only Removed differs", () => {
    assert.deepEqual(report(removed), {
      Available: "True | Removed | The registry is removed",
      Progressing: "False | Removed | All registry resources are removed",
      Degraded: "False | Removed | The registry is removed",
      Removed: "True | Removed | The registry is removed",
    });
  });

  it("say that a Deployment is on its way out", () => {
    const conditions = report(removed, { ...deployment(1, 1), metadata: { deletionTimestamp: new Date() } });
    assert.match(conditions.Available!, /^False \| DeploymentDeleted/);
    assert.match(conditions.Progressing!, /^True \| DeletingDeployment/);
  });

  it("are all the same word when Unmanaged", () => {
    const { Available, Progressing, Degraded } = report({ managementState: "Unmanaged" }, deployment(0, 1));
    const text = "Unmanaged | The registry configuration is set to unmanaged mode";
    assert.deepEqual(
      [Available, Progressing, Degraded],
      [`True | ${text}`, `False | ${text}`, `False | ${text}`],
    );
  });
});
