/*
 * IMAGE_REGISTRY_TEST_KUBECONFIG  path of a kubeconfig: the suite runs on the cluster of its current context, with the
 *                                 registry operator that is there, instead of on a sandbox of its own
 * IMAGE_REGISTRY_TEST_NFS         server:/path of an export that the nodes can mount; kwok's nodes mount nothing
 * IMAGE_REGISTRY_TEST_S3          http://accesskey:secretkey@host:port/bucket of an object store that the operator reaches;
 *                                 the sandbox's stand-in for the operator asks none
 */

/** Not KUBECONFIG, which may be anybody's cluster. */
export const given = process.env.IMAGE_REGISTRY_TEST_KUBECONFIG;

/** Names that no registry of the cluster's users has. */
export const suiteClaim = "image-registry-test-suite";
export const ownClaim = "image-registry-test-suite-own";
export const standaloneNamespace = "image-registry-test-suite";

export const nfsServer = serverOf(process.env.IMAGE_REGISTRY_TEST_NFS ?? "nfs.example.com:/srv/registry");

const store = new URL(
  process.env.IMAGE_REGISTRY_TEST_S3 ?? "http://an-access-key:a-secret-key@192.0.2.1/images",
);
export const isStoreKnown = given === undefined || process.env.IMAGE_REGISTRY_TEST_S3 !== undefined;

export const s3Keys = { s3AccessKey: store.username, s3SecretKey: store.password };

/** Each backend as a stack's configuration asks for it, and as the Config then has it. */
export const backends = {
  emptyDir: { asked: { backend: "emptyDir" }, storage: { emptyDir: {} } },
  nfs: {
    asked: { backend: "nfs", nfs: { ...nfsServer, size: "10Gi", claimName: suiteClaim } },
    storage: { pvc: { claim: suiteClaim } },
  },
  pvc: { asked: { backend: "pvc", pvc: { claim: ownClaim } }, storage: { pvc: { claim: ownClaim } } },
  s3: { asked: { backend: "s3", s3: bucket(), ...s3Keys }, storage: { s3: bucket() } },
};
export type Backend = keyof typeof backends;

/** As acceptImageLoss names it. */
export const storeName = `s3 ${bucket().bucket} ${store.origin}`;

function bucket() {
  return { bucket: store.pathname.slice(1), region: "us-east-1", regionEndpoint: store.origin };
}

function serverOf(text: string): { server: string; path: string } {
  const [, server, path] = /^(.+?):(\/.*)$/.exec(text) ?? [];
  if (server === undefined || path === undefined)
    throw new Error(`IMAGE_REGISTRY_TEST_NFS: "${text}" is not server:/path`);
  return { server, path };
}
