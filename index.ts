import * as pulumi from "@pulumi/pulumi";
import * as components from "./components";
import { readConfiguration } from "./config";
import { checkImages } from "./images/check";
import { checkRegistry, platforms } from "./platforms";
import { nextSteps } from "./platforms/next-steps";

export = async () => {
  const config = readConfiguration();
  const connection = { kubeconfig: config.kubeconfig, context: config.context };
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  // Reads the cluster: what would break or lose something ends the run here, before any resource is made.
  const checked = await checkRegistry(config, connection, stack);
  const images = await checkImages(checked, pulumi.runtime.isDryRun());
  const { plan } = checked;
  const cluster = { connection, namespace: plan.namespace, checked };

  // A live registry outlives its stack: destroy lets go of it, and of what it stands on.
  const retainOnDelete = plan.managementState !== "Removed";
  const provider = components.kubernetesProvider(connection);
  const namespace =
    checked.platform === "standalone" ? components.ownNamespace(checked, { provider, retainOnDelete }) : [];
  const owner = new components.OwningStack(
    "stack",
    { stack, ...cluster },
    { provider, dependsOn: namespace },
  );
  const options = { provider, retainOnDelete, dependsOn: [owner] };

  const storage = components.makeNeeds(plan.backend.needs ?? {}, cluster, options);
  const placement = config.placement?.infra
    ? [new components.InfraPlacement("placement", { ...config.placement, ...cluster }, options)]
    : [];
  // Last, so that its pods find their storage and their nodes, and roll once.
  const registry = components.makeRegistry({ checked, images }, config, {
    ...options,
    dependsOn: [owner, ...storage.needed, ...placement],
  });

  return {
    backend: config.backend,
    ...plan.storage.pvc,
    ...(storage.volume && { volume: storage.volume }),
    ...registry,
    next: nextSteps(plan, platforms[checked.platform].advice(plan), checked.move),
  };
};
