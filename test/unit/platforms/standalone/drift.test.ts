import assert from "node:assert/strict";
import { namespaceChanges } from "../../../../platforms/standalone/drift";
import { managedBy } from "../../../../platforms/standalone/registry";
import { driftText } from "../../../../platforms/text";

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
});
