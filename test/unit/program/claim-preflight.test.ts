import assert from "node:assert/strict";
import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { claimConflicts } from "../../../cluster/claim-preflight";
import { claim, volume } from "./fixtures";

const plan = {
  namespace: "openshift-image-registry",
  claimName: "registry",
  volumeName: "registry",
  size: "100Gi",
  accessModes: ["ReadWriteMany"],
  nfs: { server: "nfs.example.com", path: "/srv/registry" },
};
const conflicts = (found: V1PersistentVolume | undefined, ...claims: V1PersistentVolumeClaim[]) =>
  claimConflicts({ volume: found, claims }, plan);
const ours = (spec: V1PersistentVolumeClaim["spec"] = {}, phase?: string) =>
  claim("registry", { volumeName: "registry", ...spec }, phase);

/** The one conflict there must be. */
function conflict(found: V1PersistentVolume | undefined, ...claims: V1PersistentVolumeClaim[]): string {
  const all = conflicts(found, ...claims);
  assert.equal(all.length, 1, all.join("\n"));
  return all[0] as string;
}

describe("the planned volume and claim", () => {
  it("may be new, or be there already as an earlier stack left them", () => {
    assert.deepEqual(conflicts(undefined), []);
    assert.deepEqual(conflicts(volume(), ours()), []);
    assert.deepEqual(conflicts(volume({}, "Available")), []);
  });

  it("do not mind other claims in the namespace", () => {
    assert.deepEqual(conflicts(undefined, claim("other", { accessModes: ["ReadWriteOnce"] })), []);
  });

  it("take the same size in another spelling", () => {
    assert.deepEqual(conflicts(undefined, ours({ resources: { requests: { storage: "102400Mi" } } })), []);
  });
});

describe("an existing volume", () => {
  it("on another export is refused with both addresses and what to set", () => {
    const message = conflict(volume({ nfs: { server: "old.example.com", path: "/srv/registry" } }));
    assert.match(message, /old\.example\.com:\/srv\/registry/);
    assert.match(message, /nfs\.example\.com:\/srv\/registry/);
    assert.match(message, /set nfs\.volumeName and nfs\.claimName/);
    assert.match(
      conflict(volume({ nfs: { server: "nfs.example.com", path: "/old" } })),
      /nfs\.example\.com:\/old/,
    );
  });

  it("that is no NFS volume is refused", () => {
    assert.match(conflict(volume({ nfs: undefined, hostPath: { path: "/x" } })), /something other than NFS/);
  });

  it("reserved for another claim, or the same name in another namespace, is refused with that claim's name", () => {
    const elsewhere = { namespace: "default", name: "registry" };
    assert.match(conflict(volume({ claimRef: elsewhere })), /default\/registry/);
    const other = { namespace: "openshift-image-registry", name: "other" };
    assert.match(conflict(volume({ claimRef: other })), /openshift-image-registry\/other/);
  });

  it("left over from a deleted claim is refused with the command that frees it", () => {
    const message = conflict(volume({}, "Released"));
    assert.match(message, /Released/);
    assert.match(message, /data is untouched at nfs\.example\.com:\/srv\/registry/);
    assert.match(
      message,
      /oc patch pv registry --type json -p '\[\{"op":"remove","path":"\/spec\/claimRef\/uid"\}\]'/,
    );
  });
});

describe("an existing claim", () => {
  it("bound to another volume is refused, with the way to keep it", () => {
    const message = conflict(undefined, ours({ volumeName: "pvc-1234" }));
    assert.match(message, /"pvc-1234", not to "registry"/);
    assert.match(message, /backend: "pvc"/);
  });

  it("with other access modes is refused, with both", () => {
    const message = conflict(undefined, ours({ accessModes: ["ReadWriteOnce"] }));
    assert.match(message, /^nfs\.accessModes: .*has ReadWriteOnce, asked is ReadWriteMany/);
  });

  it("of another size is refused, with both", () => {
    const message = conflict(undefined, ours({ resources: { requests: { storage: "50Gi" } } }));
    assert.match(message, /^nfs\.size: .*has 50Gi, asked is 100Gi/);
    assert.match(message, /keep 50Gi/);
  });

  it("whose volume is gone is refused", () => assert.match(conflict(undefined, ours({}, "Lost")), /is Lost/));

  it("wrong in several ways is told all of them", () => {
    const wrong = ours({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } });
    assert.equal(conflicts(undefined, wrong).length, 2);
  });
});
