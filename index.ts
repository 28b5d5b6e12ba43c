import * as pulumi from "@pulumi/pulumi";
import { type CheckedRegistry, checkRegistry } from "./cluster/checked-registry";
import { summary } from "./cluster/convergence";
import { registryNamespace } from "./cluster/registry-types";
import * as components from "./components";
import { type Configuration, readConfiguration } from "./config";
import { clientHostArgs, exportHostArgs } from "./host-args";
import { nextSteps, planOf } from "./plan";
import { kubernetesProvider } from "./provider";

export = async () => {
  const config = readConfiguration();
  const connection = { kubeconfig: config.kubeconfig, context: config.context };
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const registry = await checkRegistry(connection, planOf(config, stack));

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = config.managementState !== "Removed";
  const provider = kubernetesProvider(connection);
  const owner = new components.OwningStack("stack", { stack, connection, live: registry.live }, { provider });
  const options = { provider, retainOnDelete, dependsOn: [owner] };

  const storage = storageOf(config, registry, options);
  const placement = config.placement?.infra
    ? new components.InfraPlacement("placement", { ...config.placement, live: registry.live }, options)
    : undefined;
  const pruner = new components.ImagePruner(
    "pruner",
    { placement: registry.plan.placement, settings: config.pruner, live: registry.live.pruner },
    { ...options, dependsOn: [owner, ...(placement ? [placement] : [])] },
  );
  const patch = new components.RegistryOperatorPatch(
    "registry",
    { registry, settings: config.registry, timeoutSeconds: config.timeoutSeconds },
    { ...options, dependsOn: [owner, ...storage.needed, ...(placement ? [placement] : []), pruner] },
  );

  return {
    backend: config.backend,
    ...storage.outputs,
    conditions: patch.conditions.apply(summary),
    hostnames: patch.hostnames,
    httpSecret: patch.httpSecret,
    next: nextSteps(config),
  };
};

type ComponentOptions = Omit<pulumi.ComponentResourceOptions, "dependsOn"> & { dependsOn: pulumi.Resource[] };

/** What the registry's pods need before they are told to use it. */
function storageOf(config: Configuration, found: CheckedRegistry, options: ComponentOptions) {
  const namespace = registryNamespace;
  if (config.backend === "s3") {
    const keys = { accessKey: config.s3AccessKey, secretKey: config.s3SecretKey };
    return { needed: [new components.S3Credentials("s3", { namespace, ...keys }, options)], outputs: {} };
  }
  const { nfs } = config;
  if (config.backend !== "nfs" || !nfs)
    return { needed: [], outputs: config.backend === "pvc" ? config.pvc : {} };
  const { retainOnDelete, dependsOn } = options;
  const server = nfs.host
    ? [
        new components.NfsExportHost("nfs", exportHostArgs(config, nfs, nfs.host), {
          retainOnDelete,
          dependsOn,
        }),
      ]
    : [];
  const clients = nfs.clientHosts.map(
    (node) =>
      new components.NfsClientHost(`nfs-client-${node.address}`, clientHostArgs(config, nfs, node), {
        dependsOn: [...dependsOn, ...server],
      }),
  );
  const volumeArgs = { namespace, ...nfs, nfs: { server: nfs.server, path: nfs.path }, found };
  const storage = new components.RegistryStorage("storage", volumeArgs, {
    ...options,
    dependsOn: [...dependsOn, ...server],
  });
  const { claimName: claim, volumeName: volume } = storage;
  return { needed: [storage, ...clients], outputs: { claim, volume } };
}
