import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

/** Those of the jobs, and of the clouds that may keep the state. */
const secretVariables = [
  "PULUMI_ACCESS_TOKEN",
  "PULUMI_CONFIG_PASSPHRASE",
  "GITHUB_TOKEN",
  "GITLAB_TOKEN",
  "CI_JOB_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AZURE_STORAGE_KEY",
  "AZURE_STORAGE_SAS_TOKEN",
  "AZURE_CLIENT_SECRET",
  "ARM_CLIENT_SECRET",
  "ARM_ACCESS_KEY",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
];

const shortest = 8;

/**
 * What takes the job's own secrets out of a text. The engine masks those of the stack, and the runner masks its log, but
 * nobody masks what is posted to a pull request.
 */
export function redactor(environment: NodeJS.ProcessEnv): (text: string) => string {
  const values = secretVariables.map((name) => environment[name] ?? "");
  const secrets = worthHiding([...values, ...secretsInside(environment)]).sort(
    (one, other) => other.length - one.length,
  );
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), withoutDrawnIds(text));
}

/**
 * RandomBytes, with which stacks once drew their http secret, has the secret itself for its id, and the engine shows the ids
 * of what it deletes. Of all resources here only it has an id of 32 bytes or more in base64.
 */
export function withoutDrawnIds(text: string): string {
  return text.replaceAll(/\[id=[A-Za-z0-9+/]{43,}={0,2}\]/g, "[id=***]");
}

/** What GitHub's runner is to mask in the job's log: it knows a secret as a whole, not the token inside it. */
export function masks(environment: NodeJS.ProcessEnv): string {
  if (environment.GITHUB_ACTIONS !== "true") return "";
  return worthHiding(secretsInside(environment))
    .filter((secret) => !/[\r\n]/.test(secret)) // its lines are there as well
    .map((secret) => `::add-mask::${secret.replaceAll("%", "%25")}\n`)
    .join("");
}

// Short words would be found everywhere, and no secret worth its name is one.
function worthHiding(secrets: string[]): string[] {
  return [...new Set(secrets)].filter((secret) => secret.length >= shortest);
}

/** The secrets in values and files that hold more than one. */
function secretsInside(environment: NodeJS.ProcessEnv): string[] {
  const { KUBECONFIG_CONTENTS: contents = "", KUBECONFIG: files = "" } = environment;
  const { GOOGLE_CREDENTIALS: account = "", GOOGLE_APPLICATION_CREDENTIALS: file = "" } = environment;
  const kubeconfigs = [contents, ...files.split(path.delimiter).map(textOf)];
  return [...kubeconfigs.flatMap(ofUsers), ...[account, textOf(file)].flatMap(ofAccount)];
}

/** A name of what holds a secret: a field, an environment variable, an option of a command. */
const secretName = /secret|token|passw|credential|(access|api|private|account|client|storage)[-_.]?key/i;
/** What such a name ends with where its value only says something of the secret: where it is, who it is for. */
const otherName =
  /(file|path|dir|name|url|uri|id|cache|stor(e|age)|type|method|mode|format|version|audience|scopes?|issuer|provider|helper|source|stdin)$|^client-key$/i;
const tokenLike = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=.~-]{20,}$/;

const isSecretName = (name: string) => secretName.test(name) && !otherName.test(name);

/** As YAML has it: what is written without a value is null. */
interface KubeconfigUser {
  readonly exec?: {
    readonly args?: string[] | null;
    readonly env?: { name: string; value: string }[] | null;
  } | null;
}

/**
 * The secrets among a kubeconfig's users: tokens, passwords, keys, whole and by line. Of what a command is given, the words
 * are mostly names, "production" among them, that a log is full of.
 */
function ofUsers(kubeconfig: string): string[] {
  try {
    const { users } = parse(kubeconfig) as { users?: ({ user?: KubeconfigUser | null } | null)[] | null };
    return (users ?? []).flatMap((entry) => {
      const { exec, ...fields } = entry?.user ?? {};
      const variables = Object.fromEntries((exec?.env ?? []).map(({ name, value }) => [name, value]));
      const args = (exec?.args ?? []).map(String);
      return texts([named(fields), named(variables), ofArguments(args)]);
    });
  } catch {
    return kubeconfig.split("\n");
  }
}

function named(value: object): unknown[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === "object" && inner !== null ? named(inner) : isSecret(name, inner) ? [inner] : [],
  );
}

/** Of a script among the arguments, the same word by word. */
function ofArguments(args: readonly string[]): string[] {
  return args.flatMap((argument, index) => {
    const [, name = "", value = ""] = /^([\w.-]+)=(.*)$/s.exec(argument) ?? [];
    const before = args[index - 1] ?? "";
    // An option that takes no value, or has it already, says nothing of what follows.
    const isValue = /^-[^=]*$/.test(before) && !argument.startsWith("-");
    const words = argument.split(/[\s"';|&(){}]+/);
    return [
      ...(isSecret(name, value) ? [value] : []),
      ...(isSecret(isValue ? before : "", argument) ? [argument] : []),
      ...(words.length > 1 ? ofArguments(words) : []),
    ];
  });
}

function isSecret(name: string, value: unknown): boolean {
  return isSecretName(name) || (typeof value === "string" && isRandom(value));
}

/** Capitals, small letters and digits take turns in it as in no name that people give to a cluster. */
function isRandom(value: string): boolean {
  if (!tokenLike.test(value)) return false;
  const turns = value.match(/[a-z]+|[A-Z]+|\d+/g) ?? [];
  return turns.length > 0.4 * turns.join("").length;
}

/** Those of a Google account's JSON; the rest of it is names. */
function ofAccount(json: string): string[] {
  try {
    const { private_key: key, client_secret: secret, refresh_token: token } = parse(json) as AccountFile;
    return texts([key, secret, token]);
  } catch {
    return json.split("\n");
  }
}

type AccountFile = Partial<Record<"private_key" | "client_secret" | "refresh_token", string>>;

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value, ...value.split("\n")];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // The engine says so where it needs the file.
  }
}
