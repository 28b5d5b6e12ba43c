import assert from "node:assert/strict";
import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import { ClusterClient } from "../../../../kubernetes/client";
import { driftOf, namespaceChanges } from "../../../../platforms/standalone/drift";
import { managedBy } from "../../../../platforms/standalone/registry";
import { driftText } from "../../../../platforms/text";
import { FakeCluster } from "../../support/fake-cluster";
import { live } from "../../support/fixtures";
import { liveStandalone, nothingYet, standalonePlan } from "../../support/standalone-fixtures";

const byHand = (field: object) => ({
  managedFields: [{ manager: "kubectl-create", operation: "Update", fieldsV1: field }],
});

describe("an object of platform standalone that carries the stacks' labels and was made by hand", () => {
  it("is, as a namespace, told with the labels that change", () => {
    const enforce = "pod-security.kubernetes.io/enforce";
    const labels = { ...managedBy, [enforce]: "privileged" };
    const metadata = { name: "image-registry", labels, ...byHand({ "f:metadata": { "f:labels": {} } }) };
    assert.deepEqual(namespaceChanges({ namespace: { metadata } }).map(driftText), [
      `will change metadata.labels.${enforce} of the Namespace "image-registry" from "privileged" to "restricted"`,
    ]);
    const theirs = { metadata: { name: "image-registry", labels: { [enforce]: "privileged" } } };
    assert.deepEqual(namespaceChanges({ namespace: theirs }), [], "without the label it stays as it is");
  });

  it("is, as a disruption budget, told with the limit that goes", async () => {
    const cluster = await new FakeCluster(live()).start();
    const budget: V1PodDisruptionBudget = {
      metadata: {
        name: "image-registry",
        labels: { ...managedBy },
        ...byHand({ "f:spec": { "f:minAvailable": {} } }),
      },
      spec: { minAvailable: 1 },
    };
    const found = liveStandalone({ ...nothingYet, budget });
    const drift = await driftOf(new ClusterClient(cluster.connection), found, standalonePlan());
    await cluster.stop();
    assert.deepEqual(drift.map(driftText), [
      'will change spec.minAvailable of the PodDisruptionBudget "image-registry" from 1 (set by kubectl-create) to nothing',
    ]);
  });
});
