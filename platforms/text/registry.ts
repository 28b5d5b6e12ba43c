import { describeStorage } from "../../backends/stores";
import type { RegistryFinding } from "../finding";
import { ailmentText, fullText } from "./conditions";
import type { Texts } from "./texts";

const whyNotFollowed = {
  "only pods know the name": "a name that only pods of the cluster know",
  "plain HTTP": "plain HTTP, which they take for an attack",
} as const;

export const registryTexts: Texts<RegistryFinding> = {
  "redirect is not followed": ({ endpoint, because }) =>
    `pulls are redirected to ${endpoint}, ${whyNotFollowed[because]}: nodes and clients cannot follow; set ` +
    `registry.disableRedirect: true, and the registry hands layers out itself`,
  "operator does not run": ({ deployment, namespace, isScaledDown }) =>
    isScaledDown
      ? `the registry's operator is scaled down to 0, and nobody would do what the Config says; bring it back first: ` +
        `oc scale deployment ${deployment} -n ${namespace} --replicas=1`
      : `no pod of the registry's operator is ready, and nobody does what the Config says until one is: ` +
        `oc get pods -n ${namespace}`,
  "part is unwell": ({ part }) => ailmentText(part),
  "store is nearly full": ({ room }) => `${fullText(room)}; pushes fail when it is full`,
  "Config was made anew": ({ managementState, storage }) =>
    `the live Config holds nothing of this stack: it was deleted and made anew by the operator ` +
    `(managementState ${managementState}, storage ${describeStorage(storage)}); will write all of it again`,
  "registry would be nobody's": ({ field, namespace, deployment, storage, configMap }) =>
    `this stack's registry runs in namespace ${namespace} (deployment ${deployment}, images in ${describeStorage(storage)}), ` +
    `and would go on there without a stack; take it down first: set ${field} back and managementState to Removed, ` +
    `pulumi up, then change ${field}; or give it up as it is: oc delete configmap ${configMap} -n ${namespace}`,
  "claim stays behind": ({ namespace, claim }) =>
    `claim "${claim}" of this stack's former registry stays in namespace ${namespace}, with its volume and its images; ` +
    `pulumi deletes neither: oc delete pvc ${claim} -n ${namespace}, once no image in it is missed`,
};
