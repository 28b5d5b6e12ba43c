import { KubeConfig, NetworkingV1Api, type V1NetworkPolicy, type V1Pod } from "@kubernetes/client-node";

import { holdName } from "../../images/hold";
import type { Machine } from "../../sandbox/machines";
import { sleep } from "../../sandbox/wait";
import { namespace } from "./kubelet-cluster";
import { must } from "./nfs-machines";

/** Runs commands of the machine as a client that is no part of its node: its address is one of the pods' network. */
export const outside = "ip netns exec outside";

/**
 * The node's CNI plugin has no policies: what those of OpenShift do for the one that is of interest here. Policies add up: it
 * holds nobody as long as another one lets clients in to the same pod.
 */
export class EnforcedPolicies {
  private isStopped = false;
  private running: Promise<void> | undefined;
  /** How often a hold was enforced. */
  holds = 0;

  constructor(
    private readonly machine: Machine,
    private readonly kubeconfig: string,
  ) {}

  /** Gives the machine a client outside of the node, and enforces from now on. */
  async start(podsNow: () => Promise<V1Pod>): Promise<void> {
    await must(
      this.machine,
      `DEBIAN_FRONTEND=noninteractive apt-get -qq -y install nftables >/dev/null
      ip netns add outside && ip link add outside type veth peer name eth0 netns outside
      ip link set outside master pods up
      ip -n outside link set lo up && ip -n outside link set eth0 up && ip -n outside address add 10.88.0.250/24 dev eth0`,
      { timeoutSeconds: 300 },
    );
    this.running = this.enforce(podsNow);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async enforce(podsNow: () => Promise<V1Pod>): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(this.kubeconfig);
    const api = config.makeApiClient(NetworkingV1Api);
    let enforced = "";
    while (!this.isStopped) {
      await sleep(500);
      const { items } = await api.listNamespacedNetworkPolicy({ namespace });
      const pod = await podsNow();
      const isOpen = items.some((policy) => policy.metadata?.name !== holdName && selects(policy, pod));
      const hold = isOpen ? undefined : items.find(({ metadata }) => metadata?.name === holdName);
      const uid = hold?.metadata?.uid ?? "";
      if (uid === enforced) continue;
      enforced = uid;
      if (hold) this.holds++;
      // In the held pod's own network. What a node says to its pods is never held, nor what was said before.
      const rules = hold
        ? `add table inet hold
          add chain inet hold input { type filter hook input priority 0; }
          add rule inet hold input ip saddr != 10.88.0.1 tcp dport 5000 ct state new drop`
        : "delete table inet hold";
      const pids = hold ? [await this.pidIn(pod)] : [];
      await this.machine.run(
        hold
          ? `nsenter -t ${pids[0]} -n nft -f - <<'RULES'\n${rules}\nRULES`
          : `for pid in $(pgrep -f 'registry serve'); do nsenter -t $pid -n nft ${rules} 2>/dev/null; done`,
      );
    }
  }

  private async pidIn({ status }: V1Pod): Promise<string> {
    const find = `for pid in $(pgrep -f 'registry serve'); do
      nsenter -t $pid -n ip -4 -o address | grep --quiet '${status?.podIP}/' && echo $pid && break
    done`;
    return must(this.machine, find);
  }
}

/** As far as policies of the project say it. */
function selects({ spec }: V1NetworkPolicy, { metadata }: V1Pod): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec?.podSelector ?? {};
  const labels = metadata?.labels ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ operator, key }) => operator !== "DoesNotExist" || !(key in labels))
  );
}
