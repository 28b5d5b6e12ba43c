/** What is wrong with the key of a label, a taint or a toleration (Kubernetes calls it a qualified name), or undefined. */
export function checkLabelKey(key: string): string | undefined {
  const [name = "", ...prefix] = key.split("/").reverse();
  const isName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name);
  const isPrefix = prefix.length === 0 || (prefix.length === 1 && isSubdomain(prefix[0] ?? ""));
  return isName && isPrefix ? undefined : "is not the key of a label, such as node-role.kubernetes.io/infra";
}

/** The same of its value, which may be blank. */
export function checkLabelValue(value: string): string | undefined {
  return /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value)
    ? undefined
    : 'is not the value of a label: at most 63 letters, digits, "-", "_" and ".", from a letter or digit to one';
}

/** A host name or the name of an object (RFC 1123). */
export function isSubdomain(text: string): boolean {
  return (
    text.length <= 253 && text.split(".").every((part) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(part))
  );
}
