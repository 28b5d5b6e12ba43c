import assert from "node:assert/strict";

import { UserError } from "../../../errors";
import { fleetObjects, type FleetOptions } from "../../../fleet/objects";
import type { Source } from "../../../fleet/stack-object";
import { host as sshHost } from "../../unit/support/configuration";
import { emptyDir, nfs, stackFile, TestCheckout } from "./checkout";

describe("the objects of a fleet", () => {
  const repository = new TestCheckout();

  const made = (files: Record<string, string>, changed: Partial<FleetOptions & Source> = {}) => {
    const { checkout, commit } = repository.commit(files);
    const source = { repository: "https://git.example.com/r.git", commit, image: "ws:1", every: 600 };
    return fleetObjects({
      checkout,
      source: { ...source, ...changed },
      stacks: [],
      previewOnly: [],
      approvers: "approvers",
      ...changed,
    });
  };
  const dev = { "Pulumi.dev.yaml": stackFile(emptyDir) };
  const prod = { "Pulumi.prod.yaml": stackFile(nfs) };

  it("bring a stack up at a whole commit, and put back every ten minutes what others changed", () => {
    const { stacks, production } = made(dev);
    assert.equal(production.length, 0);
    const [{ metadata, spec } = assert.fail()] = stacks;
    assert.deepEqual([metadata.name, metadata.namespace, spec.stack], ["dev", "image-registry-fleet", "dev"]);
    assert.match(spec.commit, /^[0-9a-f]{40}$/);
    const { refresh, continueResyncOnCommitMatch, resyncFrequencySeconds } = spec as Record<string, unknown>;
    assert.deepEqual([refresh, continueResyncOnCommitMatch, resyncFrequencySeconds], [true, true, 600]);
    assert.ok(!("preview" in spec));
  });

  it("have production looked at, and brought up only where those who approve may write", () => {
    const { stacks, production } = made(prod);
    assert.deepEqual(
      [...stacks, ...production].map(({ metadata: { namespace, name }, spec }) => [
        `${namespace}/${name}`,
        "preview" in spec,
        "resyncFrequencySeconds" in spec,
      ]),
      [
        ["image-registry-fleet/prod-preview", true, true],
        ["image-registry-fleet-production/prod", false, false],
      ],
    );
  });

  it("take for production what the commit's policies.json names", () => {
    const settings = { "no-empty-dir-in-production": { stacks: ["d*"] } };
    const { production, stacks } = made({ ...dev, "policies.json": JSON.stringify(settings) });
    assert.deepEqual(
      production.map(({ metadata }) => metadata.name),
      ["dev"],
    );
    const { env } = stacks[0]!.spec.workspaceTemplate.spec;
    assert.ok(
      env.some(({ name, value }) => name.endsWith("POLICY_PACK_CONFIG") && value === "policies.json"),
    );
  });

  it("only look at a stack that is preview-only, and fail there when something would change", () => {
    const { stacks } = made({ ...dev, ...prod }, { previewOnly: ["dev", "prod"] });
    const shown = stacks.map(({ spec }) => {
      const { preview, updateTemplate } = spec as Record<string, unknown>;
      return [spec.stack, preview, updateTemplate];
    });
    const expectNone = { spec: { expectNoChanges: true } };
    assert.deepEqual(shown, [
      ["dev", true, expectNone],
      ["prod", true, expectNone],
    ]);
  });

  it("never destroy, and never begin a state of their own", () => {
    const { stacks, production } = made({ ...dev, ...prod });
    for (const { spec } of [...stacks, ...production])
      assert.deepEqual([spec.destroyOnFinalize, spec.useLocalStackOnly], [false, true]);
  });

  it("hold no secret: encrypted values and their salt stay in the stack's file", () => {
    const secret = { ...nfs, sshPrivateKey: { secure: "v1:CIPHERTEXT" } };
    const objects = made({ "Pulumi.prod.yaml": stackFile(secret, "encryptionsalt: v1:SALT\n") });
    assert.doesNotMatch(JSON.stringify(objects), /CIPHERTEXT|SALT|secure/);
    const [{ spec } = assert.fail()] = objects.production;
    assert.deepEqual(spec.workspaceTemplate.spec.envFrom, [{ secretRef: { name: "prod-pulumi" } }]);
  });

  it("mount the Secret's kubeconfig, but for a stack whose file holds one encrypted", () => {
    const mounted = (files: Record<string, string>) =>
      made(files, {
        stacks: ["dev"],
      }).stacks[0]!.spec.workspaceTemplate.spec.podTemplate.spec.volumes.flatMap(
        ({ secret }) => secret?.secretName ?? [],
      );
    assert.deepEqual(mounted(dev), ["dev-kubeconfig"]);
    assert.deepEqual(
      mounted({ "Pulumi.dev.yaml": stackFile({ ...emptyDir, kubeconfig: { secure: "v1:X" } }) }),
      [],
    );
  });

  it("have the hosts of a stack that is looked at compared, too", () => {
    const host = { hostKey: sshHost.hostKey, clients: ["10.0.0.0/24"], uid: 5000, gid: 5000 };
    const values = { ...nfs, nfs: { ...nfs.nfs, host }, sshPrivateKey: { secure: "v1:X" } };
    const { stacks, production } = made({ "Pulumi.prod.yaml": stackFile(values) });
    assert.deepEqual((stacks[0]!.spec as Record<string, unknown>).config, {
      "image-registry:verifyHosts": "true",
    });
    assert.ok(!("config" in production[0]!.spec));
  });

  it("are of the commit, whatever the checkout's files say now", () => {
    const { checkout, commit } = repository.commit(dev);
    repository.write({ "Pulumi.dev.yaml": "nonsense" });
    const source = { repository: "https://git.example.com/r.git", commit, image: "ws:1", every: 600 };
    const options = { checkout, source, stacks: ["dev"], previewOnly: [], approvers: "approvers" };
    assert.equal(fleetObjects(options).stacks.length, 1);
  });

  it("open a private repository by what its URL takes", () => {
    const authOf = (repository: string) =>
      (made(dev, { repository, gitSecret: "git" }).stacks[0]!.spec as { gitAuth?: object }).gitAuth;
    const secret = (key: string) => ({ type: "Secret", secret: { name: "git", key } });
    assert.deepEqual(authOf("https://git.example.com/r.git"), { accessToken: secret("accessToken") });
    assert.deepEqual(authOf("git@git.example.com:r.git"), {
      sshAuth: { sshPrivateKey: secret("sshPrivateKey") },
    });
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    [
      "what is wrong with any stack, all at once",
      {
        "Pulumi.dev.yaml": stackFile({ ...emptyDir, replicas: 2 }),
        "Pulumi.qa.yaml": stackFile({ context: "qa" }),
      },
      /stack "dev":\n {2}- replicas: 2 is more than 1[^]*stack "qa":\n {2}- backend: is missing/,
    ],
    [
      "a kubeconfig that is a file of one machine",
      { "Pulumi.dev.yaml": stackFile({ ...emptyDir, kubeconfig: "~/.kube/dev" }) },
      /kubeconfig: "~\/.kube\/dev" is a file of one machine; leave it empty/,
    ],
    [
      "a key in plain text",
      { "Pulumi.dev.yaml": stackFile({ ...emptyDir, sshPrivateKey: "PRIVATE" }) },
      /sshPrivateKey: is in plain text; encrypt it/,
    ],
    [
      "what it cannot check because it is encrypted",
      { "Pulumi.dev.yaml": stackFile({ ...emptyDir, nfs: { secure: "v1:X" } }) },
      /nfs is encrypted, and cannot be checked; only sshPrivateKey, sshKeyPassphrase, s3AccessKey, s3SecretKey, kubeconfig need be/,
    ],
    [
      "two stacks that would have one object",
      { "Pulumi.dev-a.yaml": stackFile(emptyDir), "Pulumi.dev.a.yaml": stackFile(emptyDir) },
      /stacks "dev-a" and "dev.a" would both have the object image-registry-fleet\/dev-a; rename one/,
    ],
    [
      "a name that is longer than the operator takes",
      { [`Pulumi.${"d".repeat(43)}.yaml`]: stackFile(emptyDir) },
      /cannot name its object; the operator takes 42 characters/,
    ],
    [
      "a stack's file that is not YAML",
      { "Pulumi.dev.yaml": "config: [" },
      /^Pulumi\.dev\.yaml is not YAML: /,
    ],
  ];
  for (const [what, files, message] of refused) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => made(files),
        (error: Error) => error instanceof UserError && message.test(error.message),
      );
    });
  }
});
