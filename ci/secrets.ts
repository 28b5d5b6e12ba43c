import { parse } from "yaml";

const secretVariables = [
  "PULUMI_ACCESS_TOKEN",
  "PULUMI_CONFIG_PASSPHRASE",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "GITHUB_TOKEN",
  "GITLAB_TOKEN",
];

const shortest = 8;

/**
 * Takes the job's own secrets out of a text. The engine masks those of the stack, and the runner masks its log, but
 * nobody masks what is posted to a pull request.
 */
export function redact(text: string, environment: NodeJS.ProcessEnv): string {
  const values = secretVariables.map((name) => environment[name] ?? "");
  const secrets = [...values, ...credentials(environment.KUBECONFIG_CONTENTS ?? "")]
    // Short words would be found everywhere, and no secret worth its name is one.
    .filter((secret) => secret.length >= shortest)
    .sort((one, other) => other.length - one.length);
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** All texts under a kubeconfig's users, whole and by line: tokens, passwords, keys. */
function credentials(kubeconfig: string): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") texts.push(value, ...value.split("\n"));
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  try {
    const { users } = parse(kubeconfig) as { users?: { user?: unknown }[] };
    for (const { user } of users ?? []) collect(user);
  } catch {
    return kubeconfig.split("\n");
  }
  return texts;
}
