import { KubeConfig, type RequestContext } from "@kubernetes/client-node";

/** The cluster of a kubeconfig file, for client-node's APIs. */
export function connect(kubeconfig: string): KubeConfig {
  const config = new KeptConnections();
  config.loadFromFile(kubeconfig);
  return config;
}

/** client-node itself opens a connection for every request, and most of a request's time is then TLS on both sides. */
class KeptConnections extends KubeConfig {
  private dispatcher: ReturnType<RequestContext["getDispatcher"]>;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    this.dispatcher ??= context.getDispatcher();
    if (this.dispatcher) context.setDispatcher(this.dispatcher);
  }
}
