/**
 * Two, for whoever may make a Stack can have it mount any Secret of its namespace: production's kubeconfigs are where only
 * those who approve can.
 */
export const namespaces = { fleet: "image-registry-fleet", production: "image-registry-fleet-production" };

/** Runs as which the workspaces' pods talk to the hub: they ask who calls them, and nothing else. */
export const workspaceAccount = "image-registry-workspace";

const rbac = "rbac.authorization.k8s.io";
const partOf = { "app.kubernetes.io/part-of": "image-registry" };

/** What the hub needs besides the operator itself: namespaces, users and their rights, and a guard. */
export function hubObjects(approvers: string): object[] {
  const both = Object.values(namespaces);
  const deployer = account("image-registry-deployer", namespaces.fleet);
  const viewer = account("image-registry-status", namespaces.fleet);
  return [
    ...both.map(namespace),
    ...both.map((name) => account(workspaceAccount, name)),
    delegators(both),
    ...both.map(nonRoot),
    deployer,
    ...granted("image-registry-deployer", namespaces.fleet, writing, subjectOf(deployer)),
    ...granted("image-registry-approver", namespaces.production, writing, {
      kind: "Group",
      apiGroup: rbac,
      name: approvers,
    }),
    viewer,
    ...both.flatMap((name) => granted("image-registry-status", name, reading, subjectOf(viewer))),
    ...neverDestroy(both),
  ];
}

const rule = (group: string, resources: string[], verbs: string[]) => ({
  apiGroups: [group],
  resources,
  verbs,
});

const reading = [rule("pulumi.com", ["stacks"], ["get", "list"])];
const writing = [
  rule("pulumi.com", ["stacks"], ["get", "list", "watch", "create", "patch", "delete"]),
  rule("auto.pulumi.com", ["updates", "workspaces"], ["get", "list", "watch"]),
];

function namespace(name: string) {
  const labels = { ...partOf, "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function account(name: string, namespace: string) {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels: partOf } };
}

function subjectOf({ kind, metadata: { name, namespace } }: ReturnType<typeof account>) {
  return { kind, name, namespace };
}

/** A workspace's agent asks the hub's API who calls it, and whether that one may (TokenReview, SubjectAccessReview). */
function delegators(of: string[]) {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: `${workspaceAccount}-auth-delegator`, labels: partOf },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:auth-delegator" },
    subjects: of.map((namespace) => ({ kind: "ServiceAccount", name: workspaceAccount, namespace })),
  };
}

/** On OpenShift alone: the operator's pods ask for user 1000, which is not in a namespace's own range. */
function nonRoot(namespace: string) {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name: `${workspaceAccount}-nonroot`, namespace, labels: partOf },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:openshift:scc:nonroot-v2" },
    subjects: [{ kind: "ServiceAccount", name: workspaceAccount, namespace }],
  };
}

function granted(name: string, namespace: string, rules: object[], subject: object): object[] {
  const metadata = { name, namespace, labels: partOf };
  return [
    { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [subject],
    },
  ];
}

/** No Stack of these namespaces may destroy when it is deleted, whoever wrote it (Kubernetes 1.30, OpenShift 4.17). */
function neverDestroy(of: string[]): object[] {
  const apiVersion = "admissionregistration.k8s.io/v1";
  const metadata = { name: "image-registry-never-destroy", labels: partOf };
  const stacks = {
    apiGroups: ["pulumi.com"],
    apiVersions: ["*"],
    operations: ["CREATE", "UPDATE"],
    resources: ["stacks"],
  };
  const validation = {
    expression: "!has(object.spec.destroyOnFinalize) || !object.spec.destroyOnFinalize",
    message: "spec.destroyOnFinalize must be false: to delete a Stack object takes no registry down",
  };
  const namespaceSelector = {
    matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: of }],
  };
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: { matchConstraints: { resourceRules: [stacks] }, validations: [validation] },
    },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: metadata.name, validationActions: ["Deny"], matchResources: { namespaceSelector } },
    },
  ];
}
