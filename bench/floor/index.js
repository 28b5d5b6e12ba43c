// The prod stack's kinds of resources, declared as they stand: reads no cluster, checks nothing, compiles nothing.
const pulumi = require("@pulumi/pulumi");
const { ConfigMap, PersistentVolume, PersistentVolumeClaim } = require("@pulumi/kubernetes/core/v1");
const { Provider } = require("@pulumi/kubernetes/provider");
const { RandomBytes } = require("@pulumi/random/randomBytes");

const { kubeconfig, context } = new pulumi.Config().requireObject("connection");
const provider = new Provider("cluster", { kubeconfig, context });
const namespace = "default";
const metadata = { name: "image-registry-floor", namespace };

const secret = new RandomBytes("secret", { length: 32 });
new ConfigMap("owner", { metadata, data: { stack: "floor" } }, { provider });
new ConfigMap("settings", { metadata: { ...metadata, name: "image-registry-floor-settings" } }, { provider });
const volume = new PersistentVolume(
  "volume",
  {
    metadata: { name: metadata.name },
    spec: {
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteMany"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "",
      claimRef: metadata,
      nfs: { server: "nfs.example.com", path: "/srv/registry" },
    },
  },
  { provider },
);
const claim = new PersistentVolumeClaim(
  "claim",
  {
    metadata,
    spec: {
      accessModes: ["ReadWriteMany"],
      storageClassName: "",
      volumeName: metadata.name,
      resources: { requests: { storage: "100Gi" } },
    },
  },
  { provider, dependsOn: [volume] },
);

exports.claim = claim.metadata.name;
exports.httpSecret = secret.base64;
