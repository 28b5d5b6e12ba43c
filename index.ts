import { checkRegistry } from "./cluster/checked-registry";
import { summary } from "./cluster/convergence";
import { registryNamespace } from "./cluster/registry-types";
import * as components from "./components";
import { readConfiguration } from "./config";
import { nextSteps, planOf } from "./plan";
import { kubernetesProvider } from "./provider";
import { standalonePlatform } from "./standalone-platform";
import { storageOf } from "./storage";

export = async () => {
  const config = readConfiguration();
  const connection = { kubeconfig: config.kubeconfig, context: config.context };
  if (config.platform === "standalone") return standalonePlatform(config, connection);
  const registry = await checkRegistry(connection, planOf(config));

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = config.managementState !== "Removed";
  const options = { provider: kubernetesProvider(connection), retainOnDelete };

  const storage = storageOf(config, registryNamespace, options);
  const placement = config.placement?.infra
    ? new components.InfraPlacement("placement", { ...config.placement, live: registry.live }, options)
    : undefined;
  const patch = new components.RegistryOperatorPatch(
    "registry",
    { registry, settings: config.registry, timeoutSeconds: config.timeoutSeconds },
    { ...options, dependsOn: [...storage.needed, ...(placement ? [placement] : [])] },
  );

  return {
    backend: config.backend,
    ...storage.outputs,
    conditions: patch.conditions.apply(summary),
    hostnames: patch.hostnames,
    next: nextSteps(config),
  };
};
