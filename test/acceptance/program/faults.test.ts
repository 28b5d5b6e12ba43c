import assert from "node:assert/strict";
import { readdirSync, truncateSync } from "node:fs";
import * as path from "node:path";
import { KubernetesObjectApi } from "@kubernetes/client-node";
import { connect } from "../../../sandbox/connect";
import { changes, failure, preview, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { nfs, nfsClaim } from "./runs";

describe("when something in the cluster does not do its part", function () {
  this.timeout("3m");
  const cluster = testCluster();
  beforeEach(() => cluster.fresh());

  it("an operator that is stuck: the up ends in time, naming the limit and the conditions as they are", async () => {
    await up(cluster.stack("dev"));
    cluster.signal("registry-operator", "SIGSTOP");
    try {
      const { message } = await failure(
        up(cluster.stack("dev", { registry: { logLevel: "Debug" }, timeoutSeconds: 3 })),
      );
      assert.match(
        message,
        /did not converge within 3 s \(timeoutSeconds\); it is left as it is, and the next up looks again/,
      );
      assert.match(message, /waiting: the operator has seen generation \d+ of \d+/);
      assert.match(message, /condition: Available=True \(Ready\)/);
    } finally {
      cluster.signal("registry-operator", "SIGCONT");
    }
    const again = await up(cluster.stack("dev", { registry: { logLevel: "Debug" } }));
    assert.deepEqual(changes(again), []);
  });

  it("an up that is killed as the engine writes what it remembers: nothing half-written ends the next one", async () => {
    const run = cluster.stack("dev");
    await up(run);
    const state = run.stacks.stateFile("dev");
    const beside = readdirSync(path.dirname(state)).filter((name) => name !== path.basename(state));
    for (const name of beside) truncateSync(path.join(path.dirname(state), name));
    assert.deepEqual(changes(await preview(run)), []);
  });

  it("an admission policy that rejects the patch: its message is shown, nothing else changes, and later it works", async () => {
    await up(cluster.stack("dev"));
    const { spec } = await cluster.config();
    await refuseLogLevel("Trace");
    const run = cluster.stack("dev", { registry: { logLevel: "Trace" } });
    try {
      const error = await failure(up(run));
      assert.match(error.message, /no tracing on this cluster/);
      assert.deepEqual((await cluster.config()).spec, spec);
      assert.equal((await cluster.pods()).length, 1);
    } finally {
      await letPass();
    }
    await until("the policy is gone", async () => {
      await up(run).catch(() => undefined);
      return (await cluster.config()).spec.logLevel === "Trace";
    });
    assert.deepEqual(changes(await preview(run)), []);
  });

  it("an admission policy that rejects the eviction: the other backend stays the only one", async () => {
    await cluster.patch("Config", "cluster", {
      spec: { managementState: "Removed", storage: { emptyDir: {} } },
    });
    await refuseLogLevel("", "has(object.spec.storage.pvc)");
    try {
      const error = await failure(up(cluster.stack("dev", nfs)));
      assert.match(error.message, /no tracing on this cluster/);
      assert.deepEqual(
        Object.keys((await cluster.config()).spec.storage ?? {}).filter((key) => key !== "managementState"),
        ["emptyDir"],
      );
    } finally {
      await letPass();
    }
    await until("the policy is gone", async () => {
      await up(cluster.stack("dev", nfs)).catch(() => undefined);
      return (await cluster.config()).spec.storage?.pvc?.claim === nfsClaim;
    });
  });

  function api(): KubernetesObjectApi {
    return KubernetesObjectApi.makeApiClient(connect(cluster.controlPlane.kubeconfig));
  }

  async function refuseLogLevel(
    level: string,
    refused = `object.spec.logLevel == '${level}'`,
  ): Promise<void> {
    const admission = "admissionregistration.k8s.io/v1";
    const rule = {
      apiGroups: ["imageregistry.operator.openshift.io"],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE"],
      resources: ["configs"],
    };
    await api().create({
      apiVersion: admission,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "no-trace" },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: `!(${refused})`, message: "no tracing on this cluster" }],
      },
    });
    await api().create({
      apiVersion: admission,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "no-trace" },
      spec: { policyName: "no-trace", validationActions: ["Deny"] },
    });
    const object = {
      apiVersion: "imageregistry.operator.openshift.io/v1",
      kind: "Config",
      metadata: { name: "cluster" },
      spec: level ? { logLevel: level } : { storage: { pvc: { claim: "probe" } } },
    };
    await until("the policy is in force", () =>
      api()
        .patch(object, undefined, "All", undefined, undefined, "application/merge-patch+json")
        .then(
          () => false,
          (error: Error) => error.message.includes("no tracing"),
        ),
    );
  }

  async function letPass(): Promise<void> {
    for (const kind of ["ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"]) {
      await api().delete({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind,
        metadata: { name: "no-trace" },
      });
    }
  }
});
