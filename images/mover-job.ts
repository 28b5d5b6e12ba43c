import type { V1Job, V1PodSpec } from "@kubernetes/client-node";
import { imageMount } from "../backends/backend";

/** The pod that has the target mounted, and a source that is a claim beside it. */
export interface MoverSpec {
  readonly namespace: string;
  /** The registry's own pod as it will run: its image, user and place. */
  readonly pod: V1PodSpec;
  readonly targetClaim: string;
  /** @default the source is in a pod, not on a claim */
  readonly sourceClaim?: string | undefined;
  /** A claim that one node alone can mount takes the mover to that node. */
  readonly node?: string | undefined;
}

export const moverName = "image-registry-mover";
/** Where the mover has the stores. */
export const mounts = { target: imageMount.mountPath, source: "/source", scratch: "/scratch" } as const;

export const jobIdentity = { apiVersion: "batch/v1", kind: "Job" } as const;
export const containerName = "mover";
const aliveMinutes = 2;

/**
 * Ends when nobody has asked anything of it for two minutes: then its Job is finished, Kubernetes deletes it at once
 * (ttlSecondsAfterFinished). A program that died keeps claims from nobody for long.
 */
const untilAbandoned = `trap 'exit 0' TERM
touch ${mounts.scratch}/alive
while [ -n "$(find ${mounts.scratch}/alive -mmin -${aliveMinutes})" ]; do sleep 5 & wait $!; done`;

/** Kubernetes deletes it as soon as it is finished. */
export function moverJob({ namespace, pod, targetClaim, sourceClaim, node }: MoverSpec): V1Job {
  const {
    securityContext,
    serviceAccountName,
    imagePullSecrets,
    nodeSelector,
    tolerations,
    priorityClassName,
  } = pod;
  const [{ image, imagePullPolicy, resources, securityContext: ofContainer } = { image: "" }] =
    pod.containers;
  const claims = { target: targetClaim, ...(sourceClaim !== undefined && { source: sourceClaim }) };
  return {
    ...jobIdentity,
    metadata: { name: moverName, namespace, labels: { "app.kubernetes.io/managed-by": "image-registry" } },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 0,
      template: {
        metadata: { labels: { "app.kubernetes.io/name": moverName } },
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...defined({
            securityContext,
            serviceAccountName,
            imagePullSecrets,
            priorityClassName,
            // One node alone will do, whatever else is asked of the registry's place.
            ...(node === undefined ? { nodeSelector, tolerations } : onNode(node)),
          }),
          containers: [
            {
              name: containerName,
              command: ["/bin/sh", "-c", untilAbandoned],
              ...defined({ image, imagePullPolicy, resources, securityContext: ofContainer }),
              volumeMounts: [
                ...Object.keys(claims).map((name) => ({
                  name,
                  mountPath: mounts[name as keyof typeof claims],
                  readOnly: name === "source",
                })),
                { name: "scratch", mountPath: mounts.scratch },
              ],
            },
          ],
          volumes: [
            ...Object.entries(claims).map(([name, claimName]) => ({
              name,
              persistentVolumeClaim: { claimName },
            })),
            { name: "scratch", emptyDir: { sizeLimit: "16Mi" } },
          ],
        },
      },
    },
  };
}

function onNode(name: string): Pick<V1PodSpec, "affinity" | "tolerations"> {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [name] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } },
    tolerations: [{ operator: "Exists" }],
  };
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
