import assert from "node:assert/strict";
import { all, type Resource } from "@pulumi/pulumi";
import type { Finding } from "../../../platforms/finding";
import type { Drift } from "../../../platforms/observed";
import { findingText } from "../../../platforms/text";
import type { LiveStandalone } from "../../../platforms/standalone/live";
import { StandaloneRegistry } from "../../../components";
import { clusterProvider, nowhere } from "../support/cluster";
import { type Inputs, isSecret, patience, run } from "../support/monitor";
import { liveStandalone, standalonePlan } from "../support/standalone-fixtures";

/** A preview, without a cluster to connect to. */
const full: Finding = { kind: "store is nearly full", room: { free: 1, size: 100 } };

async function made(
  found: Partial<LiveStandalone> = {},
  { retainOnDelete = true, drift = [] }: { retainOnDelete?: boolean; drift?: Drift[] } = {},
) {
  const checked = {
    live: liveStandalone(found),
    drift,
    findings: { errors: [], warnings: [full] },
  };
  const args = { ...standalonePlan(), connection: nowhere, checked };
  const program = () => {
    const provider = clusterProvider();
    return new StandaloneRegistry("registry", args, { provider, retainOnDelete }).conditions;
  };
  const done = await run(program, { preview: true });
  const kubernetes = done.resources.filter(({ type }) => type.startsWith("kubernetes:"));
  const of = (kind: string) => kubernetes.find(({ type }) => type.endsWith(`:${kind}`))!;
  const annotations = (kind: string) => (of(kind).inputs["metadata"] as { annotations: Inputs }).annotations;
  return { ...done, kubernetes, of, annotations };
}

describe("a standalone registry", function () {
  this.timeout(patience);

  it("is a deployment, a service, a network policy, a budget and a secret, in its namespace, marked as a stack's own", async () => {
    const { kubernetes } = await made();
    const names = kubernetes.map(({ type, inputs }) => {
      const { name, namespace, labels } = inputs["metadata"] as Record<string, unknown>;
      assert.equal(namespace, "image-registry");
      assert.equal((labels as Inputs)["app.kubernetes.io/managed-by"], "image-registry");
      return `${type.split(":").at(-1)} ${name as string}`;
    });
    assert.deepEqual(names.sort(), [
      "Deployment image-registry",
      "NetworkPolicy image-registry",
      "PodDisruptionBudget image-registry",
      "Secret image-registry-http",
      "Service image-registry",
    ]);
  });

  it("goes to the cluster it is given, and stays there at destroy when, and only when, it is told to", async () => {
    for (const retainOnDelete of [true, false]) {
      for (const resource of (await made({}, { retainOnDelete })).kubernetes) {
        assert.match(resource.provider, /::cluster::cluster-id$/);
        assert.equal(resource.retainOnDelete, retainOnDelete, resource.name);
      }
    }
  });

  it("keeps the http secret secret, and keeps the one that running pods know", async () => {
    const value = ({ inputs }: { inputs: Inputs }) => (inputs["stringData"] as Inputs)["secret"];
    const drawn = (await made()).of("Secret");
    assert.equal(value(drawn), "c0ffee");
    const kept = (await made({ httpSecret: "known" })).of("Secret");
    assert.equal(value(kept), "known");
    for (const { wire } of [drawn, kept]) {
      const data = wire["stringData"] as Inputs;
      assert.ok(isSecret(data) || isSecret(data["secret"]));
    }
  });

  it("takes over what others changed before each step, and waits itself for the rollout", async () => {
    const { of, annotations } = await made();
    for (const kind of ["Deployment", "Service", "NetworkPolicy"]) {
      assert.equal(of(kind).beforeCreate.length, 1);
      assert.deepEqual(of(kind).beforeUpdate, of(kind).beforeCreate);
      assert.equal(annotations(kind)["pulumi.com/skipAwait"], "true");
      assert.equal(annotations(kind)["pulumi.com/patchFieldManager"], "image-registry-standalone");
      assert.match(annotations(kind)["image-registry/applied"] as string, /^[0-9a-f]{12}$/);
    }
    for (const first of ["registry-http-secret", "registry-network-policy"])
      assert.ok(of("Deployment").dependsOn.includes(first), first);
  });

  it("is waited for once all of it is written, so that nothing passes for changed back that is yet to be put back", async () => {
    const program = async () => {
      const checked = { live: liveStandalone(), drift: [], findings: { errors: [], warnings: [] } };
      const args = { ...standalonePlan(), connection: nowhere, checked };
      const registry = new StandaloneRegistry("registry", args, { provider: clusterProvider() });
      // The SDK keeps it out of its typings.
      const conditions = registry.conditions as unknown as { allResources(): Promise<Set<Resource>> };
      return all([...(await conditions.allResources())].map(({ urn }) => urn));
    };
    const { result } = await run<string[]>(program, { preview: true });
    const waitedFor = result.map((urn) => urn.split("::").at(-1));
    assert.deepEqual(waitedFor.sort(), ["registry", "registry-budget", "registry-service"]);
  });

  it("leaves open in a preview what putting drift back will come to", async () => {
    const replicas: Drift = {
      kind: "Deployment",
      path: ["spec", "replicas"],
      is: 5,
      asked: 2,
      by: [],
      remedy: "put back",
    };
    const { annotations } = await made({}, { drift: [replicas] });
    assert.doesNotMatch(String(annotations("Deployment")["image-registry/applied"]), /^[0-9a-f]{12}(@|$)/);
    assert.match(annotations("Service")["image-registry/applied"] as string, /^[0-9a-f]{12}$/);
  });

  it("tells in a preview how it is now and what is wrong", async () => {
    const { result, warnings } = await made();
    assert.deepEqual(
      result.map(({ type, status }) => `${type}=${status}`),
      ["Available=True", "Progressing=True"],
    );
    assert.deepEqual(warnings, [findingText(full)]);
  });
});
