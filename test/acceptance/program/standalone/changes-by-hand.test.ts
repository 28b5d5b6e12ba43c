import assert from "node:assert/strict";
import { readStatus } from "../../../../status/status";
import { changes, configurationOf, preview, up, warnings } from "../../../support/engine";
import { foundWarnings } from "../runs";
import { name, standaloneCluster } from "./cluster";

describe("changes by hand to a standalone registry", function () {
  this.timeout("3m");
  const cluster = standaloneCluster();
  before(async () => {
    await cluster.fresh();
    await up(cluster.asking());
  });

  it("are all named in preview, and put back by one up that leaves nothing to do", async () => {
    const asked = await template();
    await edit({ replicas: 5, template: { spec: { hostNetwork: true } } });
    await editContainer({
      image: "docker.io/library/busybox",
      readinessProbe: null,
      // The server would refuse it beside ours.
      ports: [{ name: "registry", containerPort: 5001 }],
    });
    await addVolume();

    const previewed = await preview(cluster.asking());
    for (const told of [
      /put back spec\.replicas of the Deployment: it is 5 by kubectl-patch, asked is 2/,
      /containers\[registry\]\.image of the Deployment: it is "docker\.io\/library\/busybox" by kubectl-patch/,
      /containers\[registry\]\.readinessProbe of the Deployment: it is gone by hand/,
      /ports\[registry\]\.containerPort of the Deployment: it is 5001 by hand/,
      /spec\.template\.spec\.volumes\[scratch\] of the Deployment: it was added by kubectl-patch/,
      /spec\.template\.spec\.hostNetwork of the Deployment: it was added by kubectl-patch/,
    ])
      assert.match(warnings(previewed), told);
    assert.deepEqual(changes(previewed), ["update registry"]);
    const diff = previewed.steps.find(({ op }) => op === "update")?.diff;
    assert.deepEqual(diff, ["metadata.annotations.image-registry/applied"]);

    await cluster.serving(cluster.asking(), 2);
    assert.deepEqual(await template(), asked);
    const before = await cluster.settledVersions();
    assert.deepEqual(changes(await up(cluster.asking())), []);
    assert.deepEqual(await cluster.versions(), before);
  });

  it("are put back in the service too", async () => {
    await cluster.patch("Service", name, { spec: { selector: { app: "another" } } });
    const told = /put back spec\.selector\.app of the Service: it was added by kubectl-patch/;
    assert.match(await foundWarnings(cluster.asking()), told);
    assert.match((await readStatus(configurationOf(cluster.asking()))).drift.join("\n"), told);
    await cluster.serving(cluster.asking(), 2);
    const service = await cluster.get("Service", name);
    assert.deepEqual(service?.spec?.selector, { "app.kubernetes.io/name": name });
  });

  it("are put back in the network policy too, also when it is deleted: nobody opens the registry unseen", async () => {
    await cluster.patch("NetworkPolicy", name, { spec: { ingress: [{}] } });
    assert.match(await foundWarnings(cluster.asking()), /put back spec\.ingress.* of the NetworkPolicy/);
    await cluster.serving(cluster.asking(), 2);
    const { ingress = [] } = (await cluster.get("NetworkPolicy", name))?.spec ?? {};
    assert.match(JSON.stringify(ingress), /host-network.*5000|5000.*host-network/);

    await cluster.delete("NetworkPolicy", name);
    assert.deepEqual(changes(await cluster.serving(cluster.asking(), 2)), [
      "replace registry-network-policy",
    ]);
    assert.ok(await cluster.get("NetworkPolicy", name));
  });

  it("are put back in the disruption budget too, which can have one of its two limits", async () => {
    await cluster.patch("PodDisruptionBudget", name, { spec: { minAvailable: 2, maxUnavailable: null } });
    const told = /put back spec\.minAvailable of the PodDisruptionBudget: it was added by kubectl-patch/;
    assert.match(await foundWarnings(cluster.asking()), told);
    await cluster.serving(cluster.asking(), 2);
    const { minAvailable, maxUnavailable } = (await cluster.get("PodDisruptionBudget", name))!.spec!;
    assert.deepEqual([minAvailable, maxUnavailable], [undefined, 1]);
  });

  it("that restart the pods are no reason to restart them again", async () => {
    const annotations = { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" };
    await edit({ template: { metadata: { annotations } } });
    assert.deepEqual(changes(await preview(cluster.asking())), []);
    await edit({ replicas: 1 });
    await cluster.serving(cluster.asking(), 2);
    const live = await cluster.get("Deployment", name);
    assert.deepEqual(live?.spec?.template.metadata?.annotations, annotations);
  });

  async function edit(spec: object): Promise<void> {
    await cluster.patch("Deployment", name, { spec });
  }

  async function editContainer(change: object): Promise<void> {
    const [container] = (await podOf()).containers;
    await edit({ template: { spec: { containers: [{ ...container, ...change }] } } });
  }

  async function addVolume(): Promise<void> {
    const { volumes = [] } = await podOf();
    await edit({ template: { spec: { volumes: [...volumes, { name: "scratch", emptyDir: {} }] } } });
  }

  async function podOf() {
    return (await cluster.get("Deployment", name))!.spec!.template.spec!;
  }

  async function template() {
    const { replicas, template } = (await cluster.get("Deployment", name))!.spec!;
    return { replicas, template };
  }
});
