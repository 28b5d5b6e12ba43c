/**
 * The components as a library, in a Pulumi program of one's own: the registry of an OpenShift cluster on an NFS host,
 * its pods on infra nodes. What the stack's program does beyond it: the rules of the configuration, which are told all at
 * once, and one check of the cluster before anything is made. Here each component looks for itself.
 */
import * as pulumi from "@pulumi/pulumi";
import {
  InfraPlacement,
  kubernetesProvider,
  NfsExportHost,
  RegistryOperatorPatch,
  RegistryStorage,
} from "../components";

export = () => {
  const config = new pulumi.Config("by-hand");
  const connection = { kubeconfig: config.get("kubeconfig") ?? "", context: config.require("context") };
  const provider = kubernetesProvider(connection);

  const host = new NfsExportHost("nfs", {
    cluster: connection.context,
    connection: {
      host: "nfs.example.com",
      hostKey: config.require("hostKey"),
      privateKey: config.requireSecret("privateKey"),
    },
    export: { id: "images", path: "/srv/registry", clients: ["10.0.0.0/16"], uid: 5000, gid: 5000 },
  });
  const storage = new RegistryStorage(
    "storage",
    {
      namespace: "openshift-image-registry",
      claimName: "images",
      size: "100Gi",
      nfs: { server: host.server, path: host.path },
    },
    { provider, dependsOn: host },
  );

  const nodes = ["infra-0", "infra-1"];
  const onInfra = {
    nodeSelector: { "node-role.kubernetes.io/infra": "" },
    tolerations: [{ key: "node-role.kubernetes.io/infra", operator: "Exists" }],
  };
  const placement = new InfraPlacement("placement", { connection, nodes, ...onInfra }, { provider });

  const registry = new RegistryOperatorPatch(
    "registry",
    {
      connection,
      storage: { pvc: { claim: "images" } },
      replicas: 2,
      placement: onInfra,
      nodesToLabel: nodes,
      settings: { defaultRoute: true },
    },
    { provider, dependsOn: [storage, placement] },
  );
  return { claim: storage.claimName, conditions: registry.conditions, hostnames: registry.hostnames };
};
