import assert from "node:assert/strict";
import { dev, host, nfs, onHost, onNfs, onS3, problem, problems } from "../support/configuration";

describe("emptyDir", () => {
  it("is refused with more than one replica: each pod would keep images of its own", () => {
    assert.match(problem({ ...dev, replicas: "2" }), /^replicas: "2" is more than 1, the limit on emptyDir/);
  });

  it("is refused in production, until the stack says that it means it", () => {
    for (const stack of ["prod", "production", "eu-prod", "prod-eu", "shop.live", "PRD"]) {
      assert.match(
        problem(dev, stack),
        /^backend: "emptyDir" loses every image .*acceptImageLoss: emptyDir/,
        stack,
      );
      assert.deepEqual(problems({ ...dev, acceptImageLoss: "emptyDir" }, stack), []);
    }
  });

  it("is refused in a stack that says it is production, whatever its name", () => {
    assert.match(problem({ ...dev, tier: "production" }, "eu-1"), /^backend: "emptyDir" loses every image/);
  });

  it("is asked about in a stack whose name leaves open whether it is production, until the stack says it", () => {
    for (const stack of ["preprod", "prodeu", "non-prod", "pre-prod", "product-a", "reproduction"]) {
      assert.match(
        problem(dev, stack),
        /^backend: "emptyDir" loses every image .* leaves open .* pulumi config set tier production --stack \S+, or else pulumi config set tier other/,
      );
      assert.deepEqual(problems({ ...dev, tier: "other" }, stack), []);
      assert.deepEqual(problems({ ...dev, acceptImageLoss: "emptyDir" }, stack), []);
      assert.deepEqual(problems(onNfs(), stack), []);
    }
  });

  it("is taken in any other stack", () => {
    for (const stack of ["dev", "test", "eu-1"]) assert.deepEqual(problems(dev, stack), [], stack);
  });
});

describe("copyImages", () => {
  it("takes images along to nfs and pvc, also where they might stay behind, but not to where it cannot copy", () => {
    assert.deepEqual(problems(onNfs({}), "dev"), []);
    assert.deepEqual(problems({ ...onNfs({}), copyImages: "true" }), []);
    assert.match(
      problem({ ...onS3(), copyImages: true }),
      /^copyImages: true copies to backends nfs and pvc, not to s3; mirror/,
    );
    assert.match(problem({ ...dev, copyImages: true }), /not to emptyDir/);
    assert.deepEqual(problems({ ...onNfs({}), copyImages: true, acceptImageLoss: "emptyDir" }), []);
  });
});

describe("the tier", () => {
  it("cannot take back what the stack's name says", () => {
    assert.match(
      problem({ ...onNfs(), tier: "other" }, "prod-eu"),
      /^tier: "other" contradicts the name of stack "prod-eu", which says production/,
    );
    assert.deepEqual(problems({ ...onNfs(), tier: "production" }, "prod-eu"), []);
  });
});

describe("a backend", () => {
  it("needs its own section", () => {
    for (const backend of ["nfs", "pvc"]) {
      assert.equal(problem({ ...dev, backend }), `${backend}: backend "${backend}" needs this section`);
    }
  });

  it("s3 needs both keys or none, for an operator may have its own; a stack that runs the registry has none", () => {
    const needed = (key: string) => `${key}: backend "s3" needs it: pulumi config set --secret ${key}`;
    const none = { ...onS3(), s3AccessKey: "", s3SecretKey: undefined };
    assert.deepEqual(problems(none), []);
    assert.deepEqual(problems({ ...onS3(), s3SecretKey: "" }), [needed("s3SecretKey")]);
    const both = [needed("s3AccessKey"), needed("s3SecretKey")];
    assert.deepEqual(problems({ ...none, platform: "standalone" }), both);
  });

  it("may stand beside the sections of others, which are checked all the same", () => {
    assert.deepEqual(problems({ ...dev, nfs, pvc: { claim: "images" } }), []);
    assert.match(
      problem({ ...dev, nfs: { ...nfs, path: "srv" } }),
      /^nfs\.path: "srv" is not an absolute path/,
    );
  });
});

describe("ReadWriteOnce", () => {
  const once = { accessModes: ["ReadWriteOnce"] };

  it("takes one replica with Recreate", () => {
    assert.deepEqual(problems({ ...onNfs(once), rolloutStrategy: "Recreate" }), []);
  });

  it("is refused with more replicas", () => {
    const raw = { ...onNfs(once), replicas: 2, rolloutStrategy: "Recreate" };
    assert.match(problem(raw), /^replicas: 2 is more than 1, the limit with nfs\.accessModes ReadWriteOnce/);
  });

  it("is refused without Recreate, also when RollingUpdate is only the default", () => {
    assert.match(problem(onNfs(once)), /^rolloutStrategy: .*use "Recreate"/);
    const raw = { ...onNfs(once), rolloutStrategy: "RollingUpdate" };
    assert.match(problem(raw), /^rolloutStrategy: "RollingUpdate" starts the new pod beside the old one/);
  });

  it("beside ReadWriteMany limits nothing", () => {
    assert.deepEqual(
      problems({ ...onNfs({ accessModes: ["ReadWriteOnce", "ReadWriteMany"] }), replicas: 2 }),
      [],
    );
  });
});

describe("a claim of a storage class with ReadWriteOnce", () => {
  it("serves one replica, which goes before the next one comes, as one on NFS does", () => {
    const raw = { ...dev, backend: "pvc", pvc: { size: "5Gi", accessModes: ["ReadWriteOnce"] } };
    const found = problems({ ...raw, replicas: 2 }).join("\n");
    assert.match(found, /^replicas: 2 is more than 1, the limit with pvc\.accessModes ReadWriteOnce/m);
    assert.match(
      found,
      /^rolloutStrategy: .* pvc\.accessModes ReadWriteOnce does not allow; use "Recreate"/m,
    );
    assert.deepEqual(problems({ ...raw, rolloutStrategy: "Recreate" }), []);
  });
});

describe("an export host", () => {
  it("needs the private key, and says how to set it", () => {
    const raw = { ...onHost(), sshPrivateKey: "" };
    assert.match(problem(raw), /^sshPrivateKey: .*pulumi config set --secret sshPrivateKey/);
  });

  it("serves NFSv3 mounts only when it is told to", () => {
    const withOption = (option: string, nfs3: boolean) => {
      const raw = onHost({ nfs3 });
      return { ...raw, nfs: { ...raw.nfs, mountOptions: [option, "hard"] } };
    };
    for (const option of ["nfsvers=3", "vers=3"]) {
      assert.match(problem(withOption(option, false)), /^nfs\.mountOptions: .*nfs\.host\.nfs3: true/);
      assert.deepEqual(problems(withOption(option, true)), []);
    }
  });

  it("never serves as root, to a stranger's key, or a directory every user may write", () => {
    assert.match(problems(onHost({ uid: 0 })).join(), /nfs\.host\.uid: 0 /);
    assert.match(
      problem(onHost({ hostKey: "SHA256:abc" })),
      /^nfs\.host\.hostKey: "SHA256:abc" is not a public host key/,
    );
    assert.match(problem(onHost({ hostKey: host.hostKey.slice(0, -8) })), /is cut off or damaged/);
    assert.match(
      problem(onHost({ mode: "0777" })),
      /^nfs\.host\.mode: "0777" lets every user write; use 0770/,
    );
  });

  it("needs a list of clients with somebody on it", () => {
    assert.match(
      problem(onHost({ clients: [] })),
      /^nfs\.host\.clients: \[\] is less than the minimum, 1 items/,
    );
  });
});

describe("placement", () => {
  it("on infra nodes needs a label to tell them by", () => {
    const raw = { ...dev, placement: { infra: true, nodeSelector: {} } };
    assert.match(problem(raw), /^placement\.nodeSelector: is empty and would match every node/);
    assert.deepEqual(problems({ ...dev, placement: { infra: false, nodeSelector: {} } }), []);
  });

  it("must say whether it is meant", () => {
    assert.match(
      problem({ ...dev, placement: { nodes: ["infra-0"] } }),
      /^placement\.infra: is missing \(must be a boolean\)/,
    );
  });
});

describe("platform standalone", () => {
  const standalone = { ...dev, platform: "standalone" };

  it("takes the settings that the registry itself understands, and refuses the operator's by name", () => {
    const registry = { readOnly: true, logLevel: "Debug", disableRedirect: true };
    assert.deepEqual(problems({ ...standalone, registry }), []);
    assert.match(
      problem({ ...standalone, registry: { ...registry, defaultRoute: true } }),
      /^registry\.defaultRoute: true is for the registry's operator; platform "standalone" takes readOnly, /,
    );
    assert.deepEqual(problems({ ...dev, registry: { defaultRoute: true } }), []);
  });

  it("is Managed or Removed", () => {
    assert.match(
      problem({ ...standalone, managementState: "Unmanaged" }),
      /^managementState: "Unmanaged" has no meaning/,
    );
    assert.deepEqual(problems({ ...standalone, managementState: "Removed" }), []);
  });

  it("stays out of the operator's namespace", () => {
    const raw = { ...standalone, standalone: { namespace: "openshift-image-registry" } };
    assert.match(
      problem(raw),
      /^standalone\.namespace: "openshift-image-registry" is where the registry's operator works/,
    );
  });

  it("runs one version of an image: one with its tag or digest", () => {
    const image = (text: string) => problems({ ...standalone, standalone: { image: text } }).length;
    const digest = `@sha256:${"0".repeat(64)}`;
    for (const good of [
      "registry:3.1.1",
      "host:5000/registry:3",
      `host/registry${digest}`,
      `registry:3${digest}`,
    ])
      assert.equal(image(good), 0, good);
    for (const bad of ["registry", "host:5000/registry", "registry:", "registry@sha256:123", "a b:1"])
      assert.equal(image(bad), 1, bad);
  });

  it("asks for passwords over TLS alone", () => {
    const asked = (standaloneKeys: object) => ({ ...standalone, standalone: standaloneKeys });
    assert.match(
      problem(asked({ htpasswdSecret: "users" })),
      /^standalone\.htpasswdSecret: "users" would have passwords sent in plain text/,
    );
    assert.deepEqual(problems(asked({ htpasswdSecret: "users", tlsSecret: "tls" })), []);
  });

  it("lets in namespaces and networks by name, and never the world", () => {
    const asked = (allowFrom: object) => ({ ...standalone, standalone: { allowFrom } });
    assert.deepEqual(problems(asked({ namespaces: ["ci"], networks: ["10.0.0.0/8"] })), []);
    assert.match(problem(asked({ networks: ["0.0.0.0/0"] })), /^standalone\.allowFrom\.networks\[0\]: /);
    assert.match(
      problem(asked({ namespaces: ["a.b"] })),
      /^standalone\.allowFrom\.namespaces\[0\]: "a\.b" is not the name of a namespace/,
    );
  });

  it("never runs as root", () => {
    assert.match(problems({ ...standalone, standalone: { uid: 0 } }).join(), /standalone\.uid: 0 is root/);
  });

  it("has no operator to read a trusted CA for S3", () => {
    assert.match(
      problem({ ...onS3({ trustedCA: "ca" }), platform: "standalone" }),
      /^s3\.trustedCA: "ca" is read by the registry's operator alone/,
    );
  });
});
