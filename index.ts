import * as pulumi from "@pulumi/pulumi";
import { checkRegistry } from "./platforms/operator/checked";
import { summary } from "./platforms/operator/convergence";
import { registryNamespace } from "./platforms/operator/registry";
import * as components from "./components";
import { readConfiguration } from "./config";
import { nextSteps, planOf } from "./platforms/plan";
import { kubernetesProvider } from "./components/provider";
import { standalonePlatform } from "./platforms/standalone/program";
import { storageOf } from "./components/backend-storage";

export = async () => {
  const config = readConfiguration();
  const connection = { kubeconfig: config.kubeconfig, context: config.context };
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  if (config.platform === "standalone") return standalonePlatform(config, connection, stack);
  const registry = await checkRegistry(connection, planOf(config), stack);

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = config.managementState !== "Removed";
  const provider = kubernetesProvider(connection);
  const owner = new components.OwningStack(
    "stack",
    { stack, namespace: registryNamespace, ...registry },
    { provider },
  );
  const options = { provider, retainOnDelete, dependsOn: [owner] };

  const storage = storageOf(config, registryNamespace, registry, options);
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
