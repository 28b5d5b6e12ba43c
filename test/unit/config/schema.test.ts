import assert from "node:assert/strict";
import { checkConfiguration } from "../../../config";
import { configuration } from "../../../config/schema";
import { dev, onHost, onNfs, onS3, problem, problems } from "../support/configuration";

const backends = configuration.shape.backend.options.join(", ");

describe("a configuration", () => {
  it("of each backend passes with what is required of it", () => {
    for (const raw of [
      dev,
      onNfs(),
      onHost(),
      onS3(),
      { ...dev, backend: "pvc", pvc: { claim: "images" } },
    ]) {
      assert.deepEqual(problems(raw), []);
    }
  });

  it("takes numbers and booleans as `pulumi config set` writes them, as text", () => {
    const config = checkConfiguration(
      {
        ...onNfs(),
        replicas: "2",
        timeoutSeconds: "60",
        placement: { infra: "true" },
      },
      "dev",
    );
    assert.equal(config.replicas, 2);
    assert.equal(config.timeoutSeconds, 60);
    assert.equal(config.placement?.infra, true);
  });

  it("takes an empty section, the default of Pulumi.yaml, as one not written", () => {
    const config = checkConfiguration(
      { ...dev, nfs: {}, pvc: {}, s3: {}, placement: {}, registry: {} },
      "dev",
    );
    assert.deepEqual(
      [config.nfs, config.pvc, config.s3, config.placement, config.registry],
      [undefined, undefined, undefined, undefined, undefined],
    );
  });

  it("takes kubeconfig contents written as YAML under the key", () => {
    const kubeconfig = { apiVersion: "v1", kind: "Config", contexts: [] };
    assert.deepEqual(JSON.parse(checkConfiguration({ ...dev, kubeconfig }, "dev").kubeconfig), kubeconfig);
  });

  it("is refused with the stack's name and every wrong value at once", () => {
    const wrong = { backend: "nfss", replicas: 0, acceptImageLoss: true };
    assert.throws(() => checkConfiguration(wrong, "blue"), /configuration of stack "blue":/);
    assert.deepEqual(
      problems(wrong).map((line) => line.split(":")[0]),
      ["context", "backend", "replicas", "acceptImageLoss"],
    );
  });

  it("names what is missing, and what could be there", () => {
    assert.deepEqual(problems({}), [
      "context: is missing (must be a string)",
      `backend: is missing (must be one of ${backends})`,
    ]);
    assert.match(problem(onHost({ uid: undefined })), /^nfs\.host\.uid: is missing/);
  });
});

describe("an unknown key", () => {
  it("is an error that suggests the nearest one", () => {
    assert.equal(problem({ ...dev, replica: 2 }), 'replica: no such key; did you mean "replicas"?');
    assert.equal(problem({ ...dev, Context: "x" }), 'Context: no such key; did you mean "context"?');
  });

  it("in a section, a host, a list or a CRD field suggests the nearest one there", () => {
    assert.equal(problem(onNfs({ sise: "1Gi" })), 'nfs.sise: no such key; did you mean "size"?');
    assert.equal(problem(onHost({ usr: "ops" })), 'nfs.host.usr: no such key; did you mean "user"?');
    assert.equal(
      problem({ ...dev, placement: { infra: true, tolerations: [{ ky: "a", operator: "Exists" }] } }),
      'placement.tolerations[0].ky: no such key; did you mean "key"?',
    );
    assert.equal(
      problem({ ...dev, registry: { defaultRout: true } }),
      'registry.defaultRout: no such key; did you mean "defaultRoute"?',
    );
    assert.equal(
      problem({ ...dev, registry: { affinity: { nodeAffinty: {} } } }),
      'registry.affinity.nodeAffinty: no such key; did you mean "nodeAffinity"?',
    );
  });

  it("like none lists those there are", () => {
    assert.equal(
      problem({ ...dev, backend: "pvc", pvc: { claim: "a", zzzzzzz: 1 } }),
      "pvc.zzzzzzz: no such key; there are claim, storageClassName, size, accessModes",
    );
  });
});

describe("a value out of bounds", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["a backend there is not", { ...dev, backend: "ceph" }, `backend: "ceph" must be one of ${backends}`],
    ["no replicas", { ...dev, replicas: "0" }, 'replicas: "0" is less than the minimum, 1'],
    ["very many replicas", { ...onNfs(), replicas: 1000 }, "replicas: 1000 is more than the maximum, 100"],
    ["half a replica", { ...dev, replicas: 1.5 }, "replicas: 1.5 must be an integer"],
    ["a word for a boolean", { ...dev, verifyHosts: "yes" }, 'verifyHosts: "yes" must be a boolean'],
    [
      "yes for the name of a store",
      { ...dev, acceptImageLoss: "true" },
      'acceptImageLoss: "true" must name the store that may be left with its images, as the refusal names it: emptyDir, pvc CLAIM, s3 BUCKET, …; several with commas between',
    ],
    [
      "a claim without its name",
      { ...dev, acceptImageLoss: "emptyDir, pvc" },
      'acceptImageLoss: "emptyDir, pvc" must name the store that may be left with its images, as the refusal names it: emptyDir, pvc CLAIM, s3 BUCKET, …; several with commas between',
    ],
    [
      "a context without a name",
      { ...dev, context: "" },
      'context: "" is less than the minimum, 1 characters',
    ],
    [
      "a text for a section",
      { ...dev, backend: "nfs", nfs: "nfs.example.com" },
      'nfs: "nfs.example.com" must be an object',
    ],
    ["no access mode", onNfs({ accessModes: [] }), "nfs.accessModes: [] is less than the minimum, 1 items"],
    ["a number for a size", onNfs({ size: 100 }), "nfs.size: 100 must be a string"],
    [
      "an object store without its container",
      { ...dev, backend: "azure", azure: { accountName: "images" } },
      "azure.container: is missing (must be a string)",
    ],
    [
      "a key that an object store does not have",
      { ...dev, backend: "gcs", gcs: { bucket: "images", projectId: "one" } },
      'gcs.projectId: no such key; did you mean "projectID"?',
    ],
    [
      "a schedule of a day that never comes",
      { ...dev, pruner: { schedule: "0 3 30,31 feb *" } },
      'pruner.schedule: "0 3 30,31 feb *" is a day that no month of it has: nothing would ever run',
    ],
    [
      "a schedule without its five fields",
      { ...dev, pruner: { schedule: "0 3 * *" } },
      'pruner.schedule: "0 3 * *" is not a schedule such as "0 3 * * *": Expected 5 values, but got 4.',
    ],
    [
      "a day of the week that Kubernetes does not know",
      { ...dev, pruner: { schedule: "0 3 * * 7" } },
      `pruner.schedule: "0 3 * * 7" is not a schedule such as "0 3 * * *": Number '7' of daysOfWeek field is bigger than upper limit '6'.`,
    ],
    [
      "a URL without a scheme",
      onS3({ regionEndpoint: "minio" }),
      's3.regionEndpoint: "minio" is not a URL with http:// or https://',
    ],
    [
      "a quantity that is neither number nor text",
      { ...dev, registry: { resources: { requests: { cpu: true } } } },
      "registry.resources.requests.cpu: true must be a number or a string",
    ],
    [
      "a duration that Go does not read",
      { ...dev, pruner: { keepYoungerThanDuration: "1 day" } },
      'pruner.keepYoungerThanDuration: "1 day" is not a duration such as "1h30m"',
    ],
    [
      "a name that the CRD does not allow",
      { ...dev, backend: "azure", azure: { container: "Images" } },
      'azure.container: "Images" does not match /^[0-9a-z]+(-[0-9a-z]+)*$/',
    ],
    [
      "a CRD field of another type",
      { ...dev, registry: { defaultRoute: "on" } },
      'registry.defaultRoute: "on" must be a boolean',
    ],
  ];
  for (const [what, raw, message] of cases) {
    it(`is refused with key, value and limit: ${what}`, () => assert.equal(problem(raw), message));
  }

  it("is refused with what is known of it: names, modes, options, log levels", () => {
    assert.match(
      problem({ ...dev, backend: "pvc", pvc: { claim: "My_Claim" } }),
      /^pvc\.claim: "My_Claim" is not an object name/,
    );
    assert.match(
      problem(onNfs({ accessModes: ["RWX"] })),
      /^nfs\.accessModes\[0\]: "RWX" must be one of ReadWriteMany,/,
    );
    assert.match(problem(onNfs({ mountOptions: ["soft"] })), /^nfs\.mountOptions\[0\]: "soft" .*use hard/);
    assert.match(
      problem(onNfs({ mountOptions: ["a,b"] })),
      /^nfs\.mountOptions\[0\]: "a,b" is not one mount option/,
    );
    assert.match(
      problem({ ...dev, registry: { logLevel: "Loud" } }),
      /^registry\.logLevel: "Loud" must be one of .*Debug/,
    );
    assert.match(problem(onS3({ regionEndpoint: "minio:9000" })), /^s3\.regionEndpoint: "minio:9000"/);
  });

  it("is refused as a size when it is not a quantity", () => {
    for (const size of ["100 Gi", "100GB", "100gi", "-1Gi", "0", "many", "1e3Gi", ""]) {
      assert.equal(
        problem(onNfs({ size })),
        `nfs.size: ${JSON.stringify(size)} is not a quantity; write one such as 100Gi`,
      );
    }
    assert.match(
      problem(onNfs({ size: "100" })),
      /nfs\.size: "100" is 100 bytes; write a unit, such as 100Gi/,
    );
    assert.match(problem(onNfs({ size: "0.5" })), /nfs\.size: "0\.5" is 1 byte;/);
    assert.match(problem(onNfs({ size: "1e30" })), /nfs\.size: "1e30" is more than a volume can have, 8Ei/);
    for (const size of ["100Gi", "2Ti", "500G", "107374182400", "1e12"])
      assert.deepEqual(problems(onNfs({ size })), []);
  });
});

describe("the object stores and the pruner", () => {
  it("pass with what the CRD has, and nothing else", () => {
    for (const [backend, section] of Object.entries({
      azure: { container: "images", accountName: "acme", networkAccess: { type: "External" } },
      gcs: { bucket: "images", region: "europe-west1" },
      swift: { container: "images", authURL: "https://keystone.example.com/v3" },
      oss: { bucket: "images", encryption: { method: "AES256" } },
      ibmcos: { bucket: "images", location: "eu-de" },
      s3: { bucket: "images", region: "us-east-1", chunkSizeMiB: "10" },
    })) {
      const keys = { s3AccessKey: "access", s3SecretKey: "secret" };
      assert.deepEqual(problems({ ...dev, backend, [backend]: section, ...keys }), [], backend);
    }
  });

  it("are refused with what the CRD cannot refuse, and the operator would stop at", () => {
    const cases: [string, object, RegExp][] = [
      ["gcs", { bucket: "" }, /^gcs\.bucket: "" is blank, and the operator would make one/],
      [
        "azure",
        { container: "images", networkAccess: { internal: {} } },
        /goes with networkAccess\.type Internal alone/,
      ],
      [
        "oss",
        { bucket: "images", encryption: { method: "AES256", kms: { keyID: "k" } } },
        /^oss\.encryption\.kms: /,
      ],
      [
        "oss",
        { bucket: "images", encryption: { method: "KMS" } },
        /^oss\.encryption\.kms: and encryption\.method KMS go together/,
      ],
      ["swift", { container: "images", authURL: "keystone.example.com" }, /^swift\.authURL: .* is not a URL/],
    ];
    for (const [backend, section, message] of cases)
      assert.match(problem({ ...dev, backend, [backend]: section }), message);
  });

  it("take schedules as Kubernetes does", () => {
    for (const schedule of [
      "",
      "@daily",
      "*/5 1-3 1,15 jan MON-FRI",
      "0 3 * * *",
      "0/15 0 * * 0",
      "0 3 31 2,3 *",
      "0 3 31 2 1",
    ]) {
      assert.deepEqual(problems({ ...dev, pruner: { schedule } }), [], schedule);
    }
    for (const schedule of ["60 0 * * *", "0 3 L * *", "nightly", "* * * * * *", "0 0 * * *; rm"]) {
      assert.match(problem({ ...dev, pruner: { schedule } }), /^pruner\.schedule: ".*" is not a schedule/);
    }
  });
});
