import type { ObjectFinding, Reference, Users } from "../finding";
import type { Texts } from "./texts";

export const objectTexts: Texts<ObjectFinding> = {
  "object is missing": ({ object, platform }) => {
    const { kind, name, namespace, keys, instead } = object;
    const lacks = `namespace ${namespace} has no ${kind} "${name}" with ${keys.join(" and ")}`;
    if (instead)
      return (
        `is not given, and the operator has no keys of its own: ${lacks} that others made, and no ${instead.join(", ")}; ` +
        "pulumi config set --secret s3AccessKey, and s3SecretKey"
      );
    const cli = platform === "operator" ? "oc" : "kubectl";
    return `${lacks}; make it first: ${cli} -n ${namespace} ${makeText(object)}`;
  },
  "users are missing": (about) =>
    `namespace ${about.namespace} has no Secret "${about.secret}" with ${about.key}; make it first: ${usersText(about)}`,
  "nobody can log in": (about) => uselessText(about, "no users"),
  "password is not bcrypt": (about) => uselessText(about, "a user whose password is not hashed with bcrypt"),
  "object is another's": ({ namespace, object, name }) =>
    `"${namespace}" has a ${object} "${name}" that no such stack made; name another namespace, or delete that ${object}`,
  "keys go": ({ secret, namespace }) =>
    `is given no more: will delete Secret "${secret}" of namespace ${namespace}, which this stack made and the operator ` +
    `would go on with; it then takes keys of its own`,
  "keys cannot change": ({ secret, namespace }) =>
    `Secret "${secret}" has other keys, and is immutable; make room first: oc -n ${namespace} delete secret ${secret}`,
  "cluster is another's": ({ is, asked, configMap, namespace }) => {
    const remove = `oc delete configmap ${configMap} -n ${namespace}`;
    return is
      ? `this cluster's registry belongs to stack "${is}", and this is "${asked}"; destroy that one first: ` +
          `pulumi destroy --stack ${is}; or, where it was renamed or moved, or its state is lost: ${remove}`
      : `ConfigMap ${namespace}/${configMap} names no stack; remove it: ${remove}`;
  },
};

/** What `oc` or `kubectl` is to be told. */
function makeText({ kind, name, keys }: Reference): string {
  if (keys.includes("tls.key")) return `create secret tls ${name} --cert=FILE --key=FILE`;
  const files = keys.map((key) => `--from-file=${key}=FILE`).join(" ");
  return `create ${kind === "Secret" ? "secret generic" : "configmap"} ${name} ${files}`;
}

function usersText({ namespace, secret, key }: Users): string {
  return `htpasswd -cB users NAME; kubectl -n ${namespace} create secret generic ${secret} --from-file=${key}=users`;
}

function uselessText(about: Users, has: string): string {
  return `Secret "${about.secret}" has ${has}, and nobody would get in with it; ${usersText(about)}`;
}
