import assert from "node:assert/strict";
import { checkConfiguration } from "../../../config";
import { doubts } from "../../../config/unused";
import {
  dev,
  host,
  nfs,
  onHost,
  onNfs,
  onS3,
  problem,
  problems,
  sshPrivateKey,
} from "../support/configuration";

describe("a key that another one switches off", () => {
  const idle: [string, Record<string, unknown>, RegExp][] = [
    [
      "standalone on platform operator",
      { ...dev, standalone: { namespace: "images" } },
      /^standalone: is for platform "standalone"/,
    ],
    [
      "pruner on platform standalone",
      { ...dev, platform: "standalone", pruner: { suspend: true } },
      /^pruner: is for the registry's operator/,
    ],
    [
      "nodes without infra",
      { ...dev, placement: { infra: false, nodes: ["infra-0"] } },
      /^placement\.nodes: .*has no effect with placement\.infra: false/,
    ],
    [
      "tolerations without infra",
      { ...dev, placement: { infra: "false", tolerations: [{ operator: "Exists" }] } },
      /^placement\.tolerations: /,
    ],
    [
      "a nodeSelector without infra",
      { ...dev, placement: { infra: false, nodeSelector: { a: "b" } } },
      /^placement\.nodeSelector: /,
    ],
    [
      "reapplyHosts without hosts",
      { ...onNfs(), reapplyHosts: "today" },
      /^reapplyHosts: "today" has no effect/,
    ],
    [
      "keyID without encryption",
      onS3({ encrypt: false, keyID: "key" }),
      /^s3\.keyID: "key" has no effect without s3\.encrypt/,
    ],
    ["a client host twice", onHost(), /clientHosts\[1\]\.address: "node-0" is another one's, too/],
  ];
  for (const [what, raw, message] of idle) {
    it(`is refused, and says which: ${what}`, () => {
      const clientHosts = [0, 1].map(() => ({ address: "node-0", hostKey: host.hostKey }));
      const given = what.startsWith("a client host")
        ? { ...raw, nfs: { ...onHost().nfs, clientHosts } }
        : raw;
      assert.match(problem(given), message);
    });
  }

  it("is none where the other one switches it on", () => {
    assert.deepEqual(problems({ ...onHost(), reapplyHosts: "today" }), []);
    assert.deepEqual(problems(onS3({ encrypt: true, keyID: "key" })), []);
    assert.deepEqual(problems({ ...dev, verifyHosts: true }), []);
  });
});

describe("the section of another backend", () => {
  const doubt = (raw: Record<string, unknown>) => doubts(checkConfiguration(raw, "dev"));

  it("may be kept for a switch, and a run says that it is not used", () => {
    assert.deepEqual(doubt({ ...dev, nfs, pvc: { claim: "images" } }), [
      'nfs, pvc: not used with backend "emptyDir"',
    ]);
    assert.deepEqual(doubt({ ...onNfs(), sshPrivateKey }), ['sshPrivateKey: not used with backend "nfs"']);
    assert.deepEqual(doubt({ ...dev, s3AccessKey: "a" }), ['s3AccessKey: not used with backend "emptyDir"']);
  });

  it("is no matter where there is none", () => {
    for (const raw of [dev, onNfs(), onHost(), onS3()]) assert.deepEqual(doubt(raw), []);
  });
});

describe("an image of platform standalone", () => {
  const doubt = (image: string) =>
    doubts(checkConfiguration({ ...dev, platform: "standalone", standalone: { image } }, "dev"));

  it("is warned of with a tag alone, which can be moved", () => {
    assert.match(
      doubt("example.com/registry:3")[0]!,
      /^standalone\.image: "example\.com\/registry:3" is a tag/,
    );
    assert.deepEqual(doubt(`example.com/registry:3@sha256:${"0".repeat(64)}`), []);
  });
});
