import assert from "node:assert/strict";
import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { changesUnseen, claimNeedsStep, conflictsOf, repairsOf } from "../../../backends/nfs-volume";
import { findingText } from "../../../platforms/text";
import { claim, volume } from "../support/fixtures";

const plan = {
  namespace: "openshift-image-registry",
  managementState: "Managed" as const,
  replicas: 1,
  rolloutStrategy: "RollingUpdate" as const,
  placement: { nodeSelector: {}, tolerations: [] },
  claimName: "registry",
  volumeName: "registry",
  size: "100Gi",
  accessModes: ["ReadWriteMany"],
  mountOptions: [],
  nfs: { server: "nfs.example.com", path: "/srv/registry" },
};
const conflicts = (found: V1PersistentVolume | undefined, ...claims: V1PersistentVolumeClaim[]) =>
  conflictsOf({ volume: found, claims }, plan, plan).map(findingText);
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

  it("that is being deleted and has no claim is waited for", () => {
    const going = volume({}, "Released");
    going.metadata = { ...going.metadata, deletionTimestamp: new Date(0) };
    assert.match(conflict(going), /is being deleted; run again/);
    assert.deepEqual(conflicts(going, ours()), []);
  });
});

describe("what was deleted by hand", () => {
  const reservedFor = (uid: string, phase?: string) =>
    volume({ claimRef: { namespace: "openshift-image-registry", name: "registry", uid } }, phase);
  const withUid = (uid: string, phase?: string) => {
    const found = ours({}, phase);
    return { ...found, metadata: { ...found.metadata, uid } };
  };
  const repairs = (found: V1PersistentVolume | undefined, ...claims: V1PersistentVolumeClaim[]) => {
    assert.deepEqual(conflicts(found, ...claims), []);
    const live = { volume: found, claims };
    return {
      told: repairsOf(live, plan).map(findingText).join("\n"),
      step: claimNeedsStep(live, plan.claimName),
    };
  };

  it("is nothing where volume and claim have each other", () => {
    assert.deepEqual(repairs(reservedFor("a"), withUid("a")), { told: "", step: false });
    assert.deepEqual(repairs(undefined), { told: "", step: true });
  });

  it("the claim: its volume, left over, is freed for the next one", () => {
    const { told, step } = repairs(reservedFor("gone", "Released"));
    assert.match(
      told,
      /left over from a deleted claim \(phase Released\); will free it for claim "registry"/,
    );
    assert.match(told, /images are untouched at nfs\.example\.com:\/srv\/registry/);
    assert.ok(step);
  });

  it("the claim, and made anew by hand: the volume is freed for that one", () => {
    assert.ok(repairs(reservedFor("gone", "Released"), withUid("new", "Pending")).step);
  });

  it("the volume: the claim, Lost, gets it back", () => {
    const { told, step } = repairs(undefined, withUid("a", "Lost"));
    assert.match(told, /claim "registry" is Lost, .*will give it volume "registry" again/);
    assert.ok(step);
  });

  it("the volume, which waits for its claim: it is told, and works until then", () => {
    const going = reservedFor("a");
    going.metadata = { ...going.metadata, deletionTimestamp: new Date(0) };
    const { told, step } = repairs(going, withUid("a"));
    assert.match(told, /volume "registry" is being deleted, and goes with claim "registry"/);
    assert.ok(!step);
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

  it("that is being deleted is refused, with the way to make it anew, unless the registry goes too", () => {
    const going = ours();
    going.metadata = { ...going.metadata, deletionTimestamp: new Date(0) };
    assert.match(
      conflict(undefined, going),
      /Set managementState to Removed .*: it is made anew, and the images stay/,
    );
    const removed = { ...plan, managementState: "Removed" as const };
    assert.deepEqual(conflictsOf({ volume: undefined, claims: [going] }, removed, removed), []);
  });

  it("wrong in several ways is told all of them", () => {
    const wrong = ours({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } });
    assert.equal(conflicts(undefined, wrong).length, 2);
  });
});

describe("mount options that change on a volume in use", () => {
  const asked = { ...plan, mountOptions: ["nfsvers=4.2", "hard", "nconnect=4"] };
  const said = (found: V1PersistentVolume | undefined, managementState: "Managed" | "Removed" = "Managed") =>
    changesUnseen({ volume: found, claims: [] }, asked, { managementState }).map(findingText).join();
  const mounted = volume({ mountOptions: ["nfsvers=4.2", "hard"] });

  it("are said to reach no pod that runs", () => {
    assert.match(
      said(mounted),
      /^nfs\.mountOptions: volume "registry" has \[nfsvers=4\.2, hard\], asked is .*nconnect=4\]: pods that run keep/,
    );
  });

  it("need no word where they are the same, or nothing is mounted", () => {
    assert.equal(said(volume({ mountOptions: asked.mountOptions })), "");
    assert.equal(said(volume({ mountOptions: [] }, "Available")), "");
    assert.equal(said(undefined), "");
    assert.equal(said(mounted, "Removed"), "");
  });
});
