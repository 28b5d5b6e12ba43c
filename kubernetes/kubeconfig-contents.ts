/** A kubeconfig is given by path or by contents; only contents have more than one line or start a document. */
export function isKubeconfigContents(kubeconfig: unknown): boolean {
  return typeof kubeconfig === "string" && /\n|^\s*[{]|^apiVersion:/.test(kubeconfig);
}
