import assert from "node:assert/strict";
import { unfinished } from "../../../../platforms/standalone/convergence";
import type { LiveStandalone } from "../../../../platforms/standalone/live";
import type { StandalonePlan } from "../../../../platforms/standalone/plan";
import { lostByDrift, preflight } from "../../../../platforms/standalone/preflight";
import type { Drift } from "../../../../platforms/observed";
import { findingText, lagTexts } from "../../../../platforms/text";
import { emptyDir, node, onClaim, onInfra, pendingPod, told } from "../../support/fixtures";
import { liveStandalone, nothingYet, rolledOut, standalonePlan } from "../../support/standalone-fixtures";

function findings(found: Partial<LiveStandalone> = {}, asked: Partial<StandalonePlan> = {}) {
  return told(preflight(liveStandalone(found), standalonePlan(asked)));
}
const onEmptyDir = standalonePlan({ storage: emptyDir, replicas: 1 });
const ephemeral = { deployment: rolledOut(onEmptyDir), endpoints: 1 };

/** The one error there must be. */
function error(found: Partial<LiveStandalone>, asked: Partial<StandalonePlan>): string {
  const { errors } = findings(found, asked);
  assert.equal(errors.length, 1, `errors: ${errors.join("; ") || "none"}`);
  return errors[0] as string;
}

describe("the plan of a standalone registry", () => {
  it("passes without a word on a cluster that has nothing of it, and on one where it serves", () => {
    assert.deepEqual(findings(nothingYet), { errors: [], warnings: [] });
    assert.deepEqual(findings(), { errors: [], warnings: [] });
  });

  it("does not leave a live store behind without a word, not that of a registry scaled to nothing either", () => {
    const scaled = { deployment: rolledOut(standalonePlan({ managementState: "Removed" })) };
    for (const found of [{}, scaled]) {
      assert.match(error(found, { storage: emptyDir, replicas: 1 }), /in pvc "images", and emptyDir/);
      assert.deepEqual(findings(found, { storage: emptyDir, acceptImageLoss: ["pvc images"] }).errors, []);
    }
    assert.match(error(ephemeral, {}), /in emptyDir, and pvc "images"/);
    assert.match(error(ephemeral, { ...onEmptyDir, managementState: "Removed" }), /deletes the pods/);
  });

  it("may leave an emptyDir without pods, which holds nothing", () => {
    const deployment = rolledOut(standalonePlan({ storage: emptyDir, managementState: "Removed" }));
    assert.deepEqual(findings({ deployment }).errors, []);
  });

  it("does not put back what somebody changed in such pods, either", () => {
    const lost = (path: readonly string[], asked: Partial<StandalonePlan> = {}) => {
      const drift: Drift = { kind: "Deployment", path, by: [], remedy: "put back" };
      return lostByDrift(liveStandalone(ephemeral), standalonePlan({ ...onEmptyDir, ...asked }), [drift]);
    };
    const hostNetwork = ["spec", "template", "spec", "hostNetwork"];
    assert.match(lost(hostNetwork).map(findingText).join(), /replaced for spec\.template\.spec\.hostNetwork/);
    assert.deepEqual(lost(["spec", "replicas"]), []);
    assert.deepEqual(lost(hostNetwork, { acceptImageLoss: ["emptyDir"] }), []);
  });

  it("does not restart pods that keep images in their emptyDir, until the stack accepts that", () => {
    const newer = { ...onEmptyDir, image: "registry:3.2.0" };
    assert.match(
      error(ephemeral, newer),
      /^backend: the pod is replaced for what is asked of it now, and the images in its emptyDir go with it/,
    );
    assert.deepEqual(findings(ephemeral, { ...newer, acceptImageLoss: ["emptyDir"] }).errors, []);
    assert.deepEqual(findings(ephemeral, onEmptyDir), { errors: [], warnings: [] });
  });

  it("leaves alone what others named image-registry", () => {
    const deployment = { metadata: { name: "image-registry" } };
    assert.match(
      error({ ...nothingYet, deployment }, {}),
      /has a deployment "image-registry" that no such stack/,
    );
    assert.match(error({ ...nothingYet, service: deployment }, {}), /has a service "image-registry"/);
  });

  it("needs the certificate it names, and says how to make it", () => {
    const data = { "tls.crt": "", "tls.key": "" };
    const asked = { tlsSecret: "tls" };
    const message = error({}, asked);
    assert.match(message, /namespace image-registry has no Secret "tls" .* create secret tls tls/);
    assert.deepEqual(findings({ certificate: { data } }, asked).errors, []);
    assert.deepEqual(findings({}, { ...asked, managementState: "Removed" }).errors, []);
  });

  it("needs the users it names, hashed as the registry reads them, and says how to make them", () => {
    const asked = { tlsSecret: "tls", htpasswdSecret: "users" };
    const certificate = { data: { "tls.crt": "", "tls.key": "" } };
    const holding = (htpasswd: string | undefined) => ({ certificate, htpasswd });
    assert.match(
      error(holding(undefined), asked),
      /no Secret "users" with htpasswd; make it first: htpasswd -cB/,
    );
    assert.match(error(holding("me:$apr1$x$y\n"), asked), /not hashed with bcrypt/);
    assert.match(error(holding("\n"), asked), /has no users/);
    assert.deepEqual(findings(holding("# us\nme:$2y$05$abc\nyou:$2b$10$def\n"), asked).errors, []);
  });

  it("looks for its claim in its own namespace", () => {
    const message = error(nothingYet, { storage: onClaim("missing") });
    assert.match(message, /"missing" does not exist in namespace image-registry \(claims there: "images"\)/);
  });

  it("needs nodes, unless it serves already and no pod has to move", () => {
    const cordoned = { ...node("worker-0"), spec: { unschedulable: true } };
    assert.match(
      error({ ...nothingYet, nodes: [cordoned] }, {}),
      /2, of which 0 would find a node.*is cordoned/,
    );
    const { errors, warnings } = findings({ nodes: [cordoned] });
    assert.deepEqual(errors, []);
    assert.match(warnings.join(), /is cordoned/);
    assert.match(error({}, { placement: onInfra }), /0 would find a node/);
  });

  it("is told what is wrong now, with the pods' own messages", () => {
    const pods = [pendingPod("0/3 nodes are available")];
    const { warnings } = findings({ pods, endpoints: 1 });
    assert.match(warnings.join(), /service reaches 1 of 2 pods[^]*Unschedulable: 0\/3 nodes are available/);
  });
});

describe("a standalone registry serves", () => {
  const left = (found: Partial<LiveStandalone>, asked: Partial<StandalonePlan> = {}) =>
    lagTexts(unfinished(liveStandalone(found), standalonePlan(asked))).join("; ");
  const lagging = (status: object) => {
    const deployment = rolledOut(standalonePlan());
    return { deployment: { ...deployment, status: { ...deployment.status, ...status } } };
  };

  it("when all pods of the last revision are available and reached", () => {
    assert.equal(left({}), "");
  });

  it("not before the rollout has begun, is complete, and its pods are reached", () => {
    assert.match(left(lagging({ observedGeneration: 2 })), /has not begun/);
    assert.match(left(lagging({ updatedReplicas: 1 })), /1 updated/);
    assert.match(left(lagging({ availableReplicas: undefined })), /0 available/);
    const old = [{ type: "Progressing", status: "True", reason: "ReplicaSetUpdated" }];
    assert.match(left(lagging({ conditions: old })), /ReplicaSetUpdated/);
    assert.match(left({ endpoints: 1 }), /the service reaches 1 of 2 pods/);
    assert.match(left({}, { replicas: 3 }), /3 asked/);
    assert.match(left({}, { storage: onClaim("another") }), /pods use pvc "images", asked is pvc "another"/);
  });

  it("not without its objects, and the message says how to get them back", () => {
    assert.match(left({ deployment: undefined }), /no deployment image-registry; .*pulumi refresh/);
    assert.match(left({ service: undefined }), /no service image-registry; .*pulumi refresh/);
  });

  it("no longer, once Removed, when its pods are gone", () => {
    const asked = { managementState: "Removed" } as const;
    const deployment = rolledOut(standalonePlan(asked));
    assert.equal(left({ deployment, endpoints: 0 }, asked), "");
    assert.match(left({ deployment, pods: [pendingPod("")] }, asked), /1 pods are still there/);
  });
});
