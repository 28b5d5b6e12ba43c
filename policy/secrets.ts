import { type ResourceValidationPolicy, Secret } from "@pulumi/policy";
import { runtime } from "@pulumi/pulumi";
import { isKubeconfigContents } from "../kubernetes/kubeconfig";
import { registryApi } from "../platforms/operator/registry";
import { type Text, texts } from "./texts";

/**
 * Inputs that hold a secret, by the beginning of the resource's type. Not here are those that nobody can leave in plain:
 * @pulumi/command makes its whole connection secret, and the Kubernetes provider what is in a Secret.
 */
const secretInputs: readonly [type: string, path: string, isSecret?: (text: string) => boolean][] = [
  [`kubernetes:${registryApi}:Config`, "spec.httpSecret"],
  ["pulumi:providers:kubernetes", "kubeconfig", isKubeconfigContents],
];
/** In whatever input: a script, an annotation. */
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const inPlain = new Map<string, string[]>();

/**
 * The SDK shows validations every input in plain, secret or not; only a remediation is told which ones are secret. So this
 * looks as a remediation that changes nothing, and refuses as the validation that the engine asks for right after it.
 */
export const secretsEncrypted: ResourceValidationPolicy = {
  name: "secrets-encrypted",
  description: "Keys and passwords are secrets to Pulumi: encrypted in its state, never shown in a preview.",
  enforcementLevel: "remediate",
  remediateResource: ({ type, urn, props }) => {
    inPlain.set(
      urn,
      texts(asSent(props), (value) => value instanceof Secret)
        .filter(({ path, text }) => isSecretText(type, { path, text }))
        .map(({ path }) => path),
    );
  },
  validateResource: ({ type, urn }, report) => {
    // Once, for the whole stack: silence would pass for consent.
    if (!inPlain.has(urn) && type === "pulumi:pulumi:Stack")
      report(
        'enforcementLevel must be "remediate" or "disabled": at any other, nothing tells which inputs are secret',
      );
    for (const path of inPlain.get(urn) ?? [])
      report(
        `${path} is in plain text and must be secret; set its key with pulumi config set --secret, or wrap it in pulumi.secret()`,
      );
    inPlain.delete(urn);
  },
};

function isSecretText(type: string, { path, text }: Text): boolean {
  // Of a value not known yet a preview cannot tell; up looks again.
  if (text === "" || text === runtime.unknownValue) return false;
  const isListed = secretInputs.some(
    ([prefix, input, isSecret = () => true]) => type.startsWith(prefix) && input === path && isSecret(text),
  );
  return isListed || privateKey.test(text);
}

// Read as properties, the inputs come with their secrets revealed, and throw for values not known yet.
function asSent(props: Record<string, unknown>): Record<string, unknown> {
  const own = Object.entries(Object.getOwnPropertyDescriptors(props));
  return Object.fromEntries(own.map(([key, { value }]) => [key, value as unknown]));
}
