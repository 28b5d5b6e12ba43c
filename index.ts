import * as pulumi from "@pulumi/pulumi";
import { checkRegistry } from "./cluster/checked-registry";
import { registryNamespace } from "./cluster/registry-types";
import { InfraPlacement, RegistryOperatorPatch, RegistryStorage, S3Credentials } from "./components";
import { placementManager } from "./components/field-managers";
import { readConfiguration } from "./config";
import { nextSteps, planOf } from "./plan";
import { kubernetesProvider } from "./provider";

export = async () => {
  const config = readConfiguration();
  const connection = { kubeconfig: config.kubeconfig, context: config.context };
  const registry = await checkRegistry(connection, planOf(config), placementManager);

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = config.managementState === "Managed";
  const options: pulumi.ComponentResourceOptions = {
    provider: kubernetesProvider(connection),
    retainOnDelete,
  };

  const { nfs, placement } = config;
  const storage =
    config.backend === "nfs" && nfs
      ? new RegistryStorage("storage", { namespace: registryNamespace, ...nfs, nfs }, options)
      : undefined;
  const credentials =
    config.backend === "s3"
      ? new S3Credentials(
          "s3",
          { namespace: registryNamespace, accessKey: config.s3AccessKey, secretKey: config.s3SecretKey },
          options,
        )
      : undefined;
  const infra = placement?.infra
    ? new InfraPlacement("placement", { ...placement, live: registry.live }, options)
    : undefined;
  const patch = new RegistryOperatorPatch(
    "registry",
    { registry, settings: config.registry, timeoutSeconds: config.timeoutSeconds },
    { ...options, dependsOn: [storage, credentials, infra].filter((resource) => resource !== undefined) },
  );

  return {
    backend: config.backend,
    claim: storage?.claimName ?? config.pvc?.claim,
    volume: storage?.volumeName,
    claimPhase: storage?.phase,
    conditions: patch.conditions,
    hostnames: registry.live.hostnames,
    next: nextSteps(config),
  };
};
