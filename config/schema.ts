import * as z from "zod";
import { isStoreName, storesNamed } from "../backends/stores";
import configSpec from "../crds/config-spec.json";
import {
  type PrunerSettings,
  prunerSettingNames,
  type RegistrySettings,
  settingNames,
  type Storage,
} from "../crds/fields";
import prunerSpec from "../crds/imagepruner-spec.json";
import { infraLabel } from "../kubernetes/nodes";
import {
  checkExportPath,
  checkId,
  checkMode,
  checkSecurity,
  checkUid,
  checkUser,
  checkClient,
} from "../hosts/export-checks";
import { checkHostKey } from "../hosts/host-key";
import { checkSchedule } from "./schedule";
import {
  checked,
  flag,
  integer,
  isObject,
  objectName,
  objectNameOrBlank,
  quantity,
  section,
  server,
} from "./values";

const accessMode = z.enum(["ReadWriteMany", "ReadWriteOnce"]);

const mountOption = z
  .string()
  .regex(/^[A-Za-z0-9_.:=-]+$/, "is not one mount option of nfs(5)")
  .refine(
    (option) => !/^soft(err|reval)?$/.test(option),
    "gives up on writes when the server is slow, and images break; use hard",
  );

const userId = integer(1, 2 ** 31 - 1).superRefine((value, context) => {
  const problem = checkUid(value);
  if (problem) context.addIssue({ code: "custom", message: problem, params: { whole: true } });
});

/** A Linux host that this stack works on over SSH, always with sshPrivateKey. */
const sshHost = {
  port: integer(1, 65535).default(22),
  user: checked(checkUser).default("root"),
  hostKey: z.string().superRefine((text, context) => {
    const message = checkHostKey(
      text,
      "is not a public host key; write what ssh-keyscan prints after the host's name, once you trust it",
    );
    if (message) context.addIssue({ code: "custom", message });
  }),
};

const bastion = z.strictObject({ ...sshHost, address: server });

const stackName = z
  .string()
  .regex(/^[^\s/]+\/[^\s/]+\/[^\s/]+$/, "is not the full name of a stack, organization/project/stack");

/** The host that serves the export. */
const host = z.strictObject({
  ...sshHost,
  address: server.optional(),
  bastion: bastion.optional(),
  id: checked(checkId).default("image-registry"),
  clients: z.array(checked(checkClient)).min(1),
  uid: userId,
  gid: userId,
  mode: checked(checkMode).default("0770"),
  security: checked(checkSecurity).default("sys"),
  requireMountPoint: flag.default(false),
  nfs3: flag.default(false),
  dedicated: flag.default(false),
  firewall: z.enum(["auto", "none"]).default("auto"),
  forceRemoval: flag.default(false),
  otherExports: z.enum(["refuse", "warn"]).default("refuse"),
  fsid: integer(1, 2 ** 31 - 1).optional(),
  takeOverFrom: stackName.optional(),
});

/** A node of the RHEL family that mounts the export; RHCOS nodes need nothing done to them. */
const clientHost = z.strictObject({ ...sshHost, address: server, bastion: bastion.optional() });

const nfs = z.strictObject({
  server,
  path: checked(checkExportPath),
  size: quantity,
  claimName: objectName.default("image-registry-nfs"),
  volumeName: objectName.optional(),
  accessModes: z.array(accessMode).min(1).default(["ReadWriteMany"]),
  mountOptions: z.array(mountOption).default(["nfsvers=4.2", "hard"]),
  host: host.optional(),
  clientHosts: z.array(clientHost).default([]),
});

const pvc = z.strictObject({
  // Blank, as in the Config, is a claim that is to be made.
  claim: objectNameOrBlank.optional(),
  storageClassName: objectName.optional(),
  size: quantity.optional(),
  accessModes: z.array(accessMode).min(1).optional(),
});

type S3 = NonNullable<Storage["s3"]>;
const s3Spec = configSpec.properties.storage.properties.s3.properties;

const s3 = z.strictObject({
  bucket: z.string().min(3).max(63),
  region: z.string().min(1),
  regionEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  virtualHostedStyle: flag.default(false),
  encrypt: flag.default(true),
  keyID: z.string().min(1).optional(),
  trustedCA: objectName.optional(),
  chunkSizeMiB: integer(5, 5120).optional(),
  cloudFront: (
    z.fromJSONSchema(s3Spec.cloudFront as z.core.JSONSchema.JSONSchema) as z.ZodType<S3["cloudFront"]>
  ).optional(),
});

/** By the rules of core/v1 Toleration, which the operator would learn only from a Deployment that is refused. */
const toleration = z
  .strictObject({
    key: z.string().optional(),
    operator: z.enum(["Exists", "Equal"]).optional(),
    value: z.string().optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
    tolerationSeconds: integer(0, 2 ** 31 - 1).optional(),
  })
  .refine(
    ({ key, operator }) => key || operator === "Exists",
    "has no key, which only operator Exists may lack",
  )
  .refine(
    ({ value, operator }) => !value || operator !== "Exists",
    "has a value, which operator Exists does not take",
  )
  .refine(
    ({ tolerationSeconds, effect }) => tolerationSeconds === undefined || effect === "NoExecute",
    "has tolerationSeconds, which only effect NoExecute takes",
  );

/** The registry that this stack runs itself, where the cluster has no operator for it. */
const standalone = z.strictObject({
  namespace: objectName.max(63).default("image-registry"),
  image: z
    .string()
    .regex(
      /^[^\s@]+(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/,
      "is not an image with its tag or digest; without one, two pods may run two versions",
    )
    .default("docker.io/library/registry:3.1.1"),
  tlsSecret: objectName.optional(),
  uid: userId.optional(),
  gid: userId.optional(),
});

export const standaloneDefaults = standalone.parse({});

const placement = z.strictObject({
  infra: flag,
  nodeSelector: z.record(z.string(), z.string()).default({ [infraLabel]: "" }),
  tolerations: z.array(toleration).default([{ key: infraLabel, operator: "Exists" }]),
  nodes: z.array(objectName).default([]),
});

/** Fields of a CR that a user may set, by the CRD's own rules. */
function fieldsOf(spec: { properties: object }, keys: readonly string[], required: readonly string[] = []) {
  const properties = Object.fromEntries(
    Object.entries(spec.properties).filter(([key]) => keys.includes(key)),
  ) as object;
  return z.fromJSONSchema({
    type: "object",
    additionalProperties: false,
    properties,
    required,
  } as z.core.JSONSchema.JSONSchema);
}

const settings = fieldsOf(configSpec, [
  ...settingNames.registry,
  ...settingNames.operator,
]) as z.ZodType<RegistrySettings>;

const pruner = (fieldsOf(prunerSpec, prunerSettingNames) as z.ZodType<PrunerSettings>).superRefine(
  ({ schedule }, context) => {
    const message = schedule === undefined ? undefined : checkSchedule(schedule);
    if (message) context.addIssue({ code: "custom", path: ["schedule"], message });
  },
);

/** An object store by the CRD's rules; without the name of what holds the images the operator would make one. */
function objectStore<K extends "azure" | "gcs" | "swift" | "oss" | "ibmcos">(backend: K, holder: string) {
  const spec = configSpec.properties.storage.properties[backend];
  return fieldsOf(spec, Object.keys(spec.properties), [holder]) as z.ZodType<NonNullable<Storage[K]>>;
}

/** Stores whose images may be lost. */
const storeNames = z
  .preprocess((value) => (typeof value === "boolean" ? String(value) : value), z.string())
  .refine(
    (text) => storesNamed(text).every(isStoreName),
    "must name the store that may be left with its images, as the refusal names it: emptyDir, pvc CLAIM, s3 BUCKET, …; " +
      "several with commas between",
  );

/** Every key of the namespace `image-registry`, as Pulumi.yaml declares and describes them. */
export const configuration = z.strictObject({
  context: z.string().min(1),
  // Contents may be written as YAML under the key, or as JSON text.
  kubeconfig: z.preprocess(
    (value) => (isObject(value) ? JSON.stringify(value) : value),
    z.string().default(""),
  ),
  platform: z.enum(["operator", "standalone"]).default("operator"),
  standalone: section(standalone),
  backend: z.enum(["emptyDir", "nfs", "pvc", "s3", "azure", "gcs", "swift", "oss", "ibmcos"]),
  managementState: z.enum(["Managed", "Unmanaged", "Removed"]).default("Managed"),
  replicas: integer(1, 100).default(1),
  rolloutStrategy: z.enum(["RollingUpdate", "Recreate"]).default("RollingUpdate"),
  acceptImageLoss: storeNames.default(""),
  tier: z.enum(["", "production", "other"]).default(""),
  timeoutSeconds: integer(1, 7200).default(600),
  nfs: section(nfs),
  sshPrivateKey: z.string().default(""),
  sshKeyPassphrase: z.string().default(""),
  verifyHosts: flag.default(false),
  reapplyHosts: z.string().default(""),
  pvc: section(pvc),
  s3: section(s3),
  s3AccessKey: z.string().default(""),
  s3SecretKey: z.string().default(""),
  azure: section(objectStore("azure", "container")),
  gcs: section(objectStore("gcs", "bucket")),
  swift: section(objectStore("swift", "container")),
  oss: section(objectStore("oss", "bucket")),
  ibmcos: section(objectStore("ibmcos", "bucket")),
  placement: section(placement),
  registry: section(settings),
  pruner: section(pruner),
});

export type Configuration = z.infer<typeof configuration>;

/** Keys whose value must be encrypted in the stack's file, and never shows in a message. */
export const secretKeys: readonly string[] = [
  "sshPrivateKey",
  "sshKeyPassphrase",
  "s3AccessKey",
  "s3SecretKey",
];
