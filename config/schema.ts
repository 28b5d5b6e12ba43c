import * as z from "zod";
import { isStoreName, storesNamed } from "../backends/store-names";
import { infraLabel } from "../kubernetes/nodes";
import {
  checkMountedPath,
  checkId,
  checkMode,
  checkSecurity,
  checkUid,
  checkUser,
  checkClient,
  checkRepetition,
} from "../hosts/export-checks";
import { checkHostKey } from "../hosts/host-key";
import { objectStoreSection, pruner, settings } from "./cr-fields";
import { s3Key, s3Section } from "./s3";
import { checkLabelKey, checkLabelValue } from "./labels";
import { checkMountOptions } from "./mount-options";
import { isObject } from "./object";
import {
  asText,
  checked,
  flag,
  integer,
  labels,
  namespaceName,
  objectName,
  objectNameOrBlank,
  quantity,
  saying,
  section,
  server,
} from "./values";

const accessMode = z.enum(["ReadWriteMany", "ReadWriteOnce"]);

const mountOptions = z.array(z.string()).superRefine((options, context) => {
  for (const { index, message } of checkMountOptions(options))
    context.addIssue({ code: "custom", path: [index], message });
});

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
  clients: z
    .array(checked(checkClient))
    .min(1)
    .superRefine((clients, context) => {
      for (const index of clients.keys()) {
        const message = checkRepetition(clients, index);
        if (message) context.addIssue({ code: "custom", path: [index], message, params: { whole: true } });
      }
    }),
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
  path: checked(checkMountedPath),
  size: quantity,
  claimName: objectName.default("image-registry-nfs"),
  volumeName: objectName.optional(),
  accessModes: z
    .array(accessMode)
    .min(1)
    .refine((modes) => new Set(modes).size === modes.length, "names one twice")
    .default(["ReadWriteMany"]),
  mountOptions: mountOptions.default(["nfsvers=4.2", "hard"]),
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

const labelKey = z.preprocess(
  asText,
  z.string().superRefine(saying((key) => (key === "" ? undefined : checkLabelKey(key)))),
);
const labelValue = z.preprocess(asText, z.string().superRefine(saying(checkLabelValue)));

/** By the rules of core/v1 Toleration, which the operator would learn only from a Deployment that is refused. */
const toleration = z
  .strictObject({
    key: labelKey.optional(),
    operator: z.enum(["Exists", "Equal"]).optional(),
    value: labelValue.optional(),
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

/** Who reaches the registry besides the nodes. */
const allowFrom = z.strictObject({
  namespaces: z.array(namespaceName).default([]),
  networks: z.array(checked(checkClient)).default([]),
});

/** The registry that this stack runs itself, where the cluster has no operator for it. */
const standalone = z.strictObject({
  namespace: namespaceName.default("image-registry"),
  image: z
    .string()
    .regex(
      /^[^\s@]+(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/,
      "is not an image with its tag or digest; without one, two pods may run two versions",
    )
    .default("docker.io/library/registry:3.1.1"),
  tlsSecret: objectName.optional(),
  htpasswdSecret: objectName.optional(),
  allowFrom: allowFrom.default({ namespaces: [], networks: [] }),
  uid: userId.optional(),
  gid: userId.optional(),
});

export const standaloneDefaults = standalone.parse({});

const placement = z.strictObject({
  infra: flag,
  nodeSelector: labels.default({ [infraLabel]: "" }),
  tolerations: z.array(toleration).default([{ key: infraLabel, operator: "Exists" }]),
  nodes: z
    .array(objectName)
    .refine((nodes) => new Set(nodes).size === nodes.length, "names one twice")
    .default([]),
});

/** The sections of backends, of which `backend` chooses one. */
const stores = {
  nfs: section(nfs),
  pvc: section(pvc),
  s3: section(s3Section),
  azure: objectStoreSection("azure"),
  gcs: objectStoreSection("gcs"),
  swift: objectStoreSection("swift"),
  oss: objectStoreSection("oss"),
  ibmcos: objectStoreSection("ibmcos"),
};
export const storeSections = Object.keys(stores) as (keyof typeof stores)[];

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
  backend: z.enum(["emptyDir", ...storeSections]),
  managementState: z.enum(["Managed", "Unmanaged", "Removed"]).default("Managed"),
  replicas: integer(1, 100).default(1),
  rolloutStrategy: z.enum(["RollingUpdate", "Recreate"]).default("RollingUpdate"),
  acceptImageLoss: storeNames.default(""),
  copyImages: flag.default(false),
  tier: z.enum(["", "production", "other"]).default(""),
  timeoutSeconds: integer(1, 7200).default(600),
  ...stores,
  sshPrivateKey: z.string().default(""),
  sshKeyPassphrase: z.string().default(""),
  verifyHosts: flag.default(false),
  reapplyHosts: z.string().default(""),
  s3AccessKey: s3Key.default(""),
  s3SecretKey: s3Key.default(""),
  placement: section(placement),
  registry: settings,
  pruner,
});

export type Configuration = z.infer<typeof configuration>;

/** Keys whose value must be encrypted in the stack's file, and never shows in a message. */
export const secretKeys: readonly string[] = [
  "sshPrivateKey",
  "sshKeyPassphrase",
  "s3AccessKey",
  "s3SecretKey",
];
