import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";

import { fleetObjects } from "../../fleet/objects";
import type { StackObject } from "../../fleet/stack-object";
import { projectDirectory } from "../../project";
import { type ControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { installCrds } from "../../sandbox/crds";
import { hubAt, readHub } from "../../status/fleet/hub";
import { emptyDir, nfs, stackFile, TestCheckout } from "../integration/fleet/checkout";
import { eventually } from "./support";

/** The operator's published CRDs, beside the checkout: too big for it. */
const crds = path.join(projectDirectory, "../shared/data/pulumi-kubernetes-operator");

describe("a hub with the Pulumi Kubernetes Operator's CRDs", function () {
  this.timeout("5m");
  let hub: ControlPlane;
  let folder: string;
  const repository = new TestCheckout();

  before("starts one", async function () {
    if (!existsSync(crds)) {
      this.test!.parent!.title += ` (pending: its CRDs are not in ${path.relative(projectDirectory, crds)})`;
      this.skip();
    }
    this.timeout("30m"); // the first one builds
    folder = mkdtempSync(path.join(tmpdir(), "hub-"));
    hub = await startControlPlane({ directory: folder });
    await installCrds(hub.kubeconfig, crds);
  });
  after("stops it", async () => {
    await hub?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  const made = () => {
    const hostKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;
    const host = { hostKey, clients: ["10.0.0.0/24"], uid: 5000, gid: 5000 };
    const { checkout, commit } = repository.commit({
      "Pulumi.dev.yaml": stackFile(emptyDir),
      "Pulumi.prod.yaml": stackFile({
        ...nfs,
        nfs: { ...nfs.nfs, host },
        sshPrivateKey: { secure: "v1:X" },
      }),
      "Pulumi.qa.yaml": stackFile({ ...emptyDir, kubeconfig: { secure: "v1:X" } }),
    });
    const source = {
      repository: "https://git.example.com/r.git",
      commit,
      image: "registry.example.com/workspace:1",
      every: 3600,
      gitSecret: "git",
      backend: "s3://state",
      organization: "acme",
    };
    return fleetObjects({ checkout, source, stacks: [], previewOnly: ["qa"], approvers: "approvers" });
  };

  const kubectl = async (...args: string[]): Promise<{ code: number; said: string }> => {
    const command = [path.join(hub.binaries, "kubectl"), "--kubeconfig", hub.kubeconfig, ...args] as const;
    try {
      const { stdout, stderr } = await promisify(execFile)(command[0], command.slice(1));
      return { code: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    }
  };
  /** As a user applies it, every unknown or misspelt field an error. */
  const apply = (objects: object[], ...args: string[]) => {
    const file = path.join(folder, "objects.yaml");
    writeFileSync(
      file,
      objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n"),
    );
    return kubectl("apply", "--server-side", "--validate=strict", "--filename", file, ...args);
  };

  it("accepts all objects of a fleet, the hub's own first", async () => {
    const fleet = made();
    for (const objects of [fleet.hub, fleet.stacks, fleet.production]) {
      const { code, said } = await apply(objects);
      assert.equal(code, 0, said);
    }
  });

  it("accepts the workspaces that the operator will make of them", async () => {
    const { stacks, production } = made();
    for (const stack of [...stacks, ...production]) {
      const { code, said } = await apply([workspaceOf(stack)], "--dry-run=server");
      assert.equal(code, 0, said);
    }
  });

  it("takes names as long as ours may be, and no longer", async () => {
    const [object = assert.fail()] = made().stacks;
    const named = (length: number) => ({
      ...object,
      metadata: { ...object.metadata, name: "d".repeat(length) },
    });
    assert.equal((await apply([named(42)], "--dry-run=server")).code, 0);
    assert.match((await apply([named(43)], "--dry-run=server")).said, /no more than 42 characters/);
  });

  it("takes no Stack that would destroy a registry when it is deleted", async () => {
    const [object = assert.fail()] = made().stacks;
    const destroying = { ...object, spec: { ...object.spec, destroyOnFinalize: true } };
    const { said } = await eventually(
      () => apply([destroying], "--dry-run=server"),
      ({ code }) => code !== 0, // the API server loads a policy a moment after it was made
    );
    assert.match(said, /to delete a Stack object takes no registry down/);
  });

  it("has production brought up by who approves, and by nobody else", async () => {
    const account = (name: string, namespace = "image-registry-fleet") =>
      `--as=system:serviceaccount:${namespace}:${name}`;
    const approver = ["--as=someone", "--as-group=approvers", "--as-group=system:authenticated"];
    const can = async (who: string[], verb: string, what: string, namespace: string) =>
      (await kubectl("auth", "can-i", verb, what, "--namespace", namespace, ...who)).code === 0;
    const [fleet, production] = ["image-registry-fleet", "image-registry-fleet-production"] as const;
    const deployer = [account("image-registry-deployer")];
    const viewer = [account("image-registry-status")];
    const workspace = [account("image-registry-workspace", production)];
    const rights: [string[], string, string, string, boolean][] = [
      [deployer, "patch", "stacks.pulumi.com", fleet, true],
      [deployer, "patch", "stacks.pulumi.com", production, false],
      [deployer, "get", "secrets", fleet, false],
      [deployer, "create", "updates.auto.pulumi.com", fleet, false],
      [approver, "create", "stacks.pulumi.com", production, true],
      [approver, "patch", "stacks.pulumi.com", fleet, false],
      [approver, "get", "secrets", production, false],
      [viewer, "list", "stacks.pulumi.com", production, true],
      [viewer, "patch", "stacks.pulumi.com", fleet, false],
      [workspace, "create", "tokenreviews.authentication.k8s.io", production, true],
      [workspace, "create", "subjectaccessreviews.authorization.k8s.io", production, true],
      [workspace, "get", "secrets", production, false],
      [workspace, "get", "stacks.pulumi.com", production, false],
    ];
    for (const [who, verb, what, namespace, may] of rights)
      assert.equal(
        await can(who, verb, what, namespace),
        may,
        `${who.join(" ")} ${verb} ${what} in ${namespace}`,
      );
  });

  it("tells the status of many what it ran", async () => {
    const status = {
      lastUpdate: {
        state: "failed",
        type: "preview",
        lastResyncTime: "2026-11-28T02:00:00Z",
        lastAttemptedCommit: "c0ffee",
        message: "changes were proposed",
      },
    };
    const fleet = made();
    await apply([...fleet.hub, ...fleet.stacks, ...fleet.production]);
    await kubectl(
      ...["patch", "stack", "prod-preview", "--namespace", "image-registry-fleet", "--subresource=status"],
      ...["--type=merge", "--patch", JSON.stringify({ status })],
    );
    const runs = await readHub(hubAt(hub.kubeconfig));
    assert.deepEqual(runs.get("dev"), [{ mode: "up", state: "waiting" }]);
    assert.deepEqual(runs.get("prod"), [
      {
        mode: "preview",
        state: "failed",
        type: "preview",
        at: "2026-11-28T02:00:00Z",
        commit: "c0ffee",
        message: "changes were proposed",
      },
      { mode: "approved", state: "waiting" },
    ]);
  });
});

/** As the operator's Stack controller composes it: the template over the git source and the stack. */
function workspaceOf({ metadata, spec }: StackObject): object {
  const { projectRepo: url, commit: ref } = spec;
  const auth = { token: { name: "git", key: "accessToken" } };
  const { config = {} } = spec as { config?: Record<string, string> };
  const stack = {
    name: spec.stack,
    create: false,
    config: Object.entries(config).map(([key, value]) => ({ key, value, secret: false })),
  };
  return {
    apiVersion: "auto.pulumi.com/v1alpha1",
    kind: "Workspace",
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: {
      serviceAccountName: spec.serviceAccountName,
      ...spec.workspaceTemplate.spec,
      git: { url, ref, auth },
      stacks: [stack],
    },
  };
}
