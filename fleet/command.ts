import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";

import { projectDirectory } from "../project";
import { UserError } from "../errors";
import { readOptions } from "../stack/options";
import { Checkout } from "./git";
import { type Fleet, fleetObjects } from "./objects";
import { secretsOf, type StackObject } from "./stack-object";

const usage = `npm run fleet -- --image IMAGE [options] [STACK…]

  STACK               names of stacks (default: every Pulumi.NAME.yaml of the commit)
  --image IMAGE       the workspaces' image, made of fleet/Containerfile, by tag or digest
  --commit REF        the commit to run (default: HEAD)
  --repository URL    where the hub fetches it from (default: the remote "origin")
  --git-secret NAME   the Secret that opens the repository: key accessToken (https) or sshPrivateKey
  --backend URL       where the stacks' state is (default: the Secrets say so, or it is Pulumi Cloud)
  --organization ORG  of the stacks (default: the state's own default)
  --preview-only A,B  stacks that the hub only looks at
  --every SECONDS     between two looks at an unchanged stack (default: 3600)
  --approvers GROUP   who may bring production up (default: image-registry-approvers)
  --output FOLDER     for hub.yaml, stacks.yaml and production.yaml (default: fleet/objects)
  --help              print this`;

/** Does what `npm run fleet` was told, and gives what to print. */
export function fleetCommand(args: string[], checkout = new Checkout(projectDirectory)): string {
  const { values, positionals: stacks } = options(args);
  if (values.help) return usage;
  const commit = checkout.commit(values.commit);
  if (!checkout.isPushed(commit)) {
    throw new UserError(
      `--commit ${commit}: no branch of a remote has it, so the hub cannot fetch it; push it`,
    );
  }
  const source = {
    repository: repositoryOf(values.repository ?? checkout.origin()),
    commit,
    image: imageOf(values.image),
    every: secondsOf(values.every),
    gitSecret: values["git-secret"],
    backend: values.backend,
    organization: values.organization,
  };
  const fleet = fleetObjects({
    checkout,
    source,
    stacks,
    previewOnly: values["preview-only"]?.split(",") ?? [],
    approvers: values.approvers,
  });
  write(path.resolve(values.output), fleet);
  return summary(values.output, fleet);
}

function options(args: string[]) {
  const text = { type: "string" } as const;
  return readOptions(usage, {
    args,
    allowPositionals: true,
    options: {
      image: text,
      commit: { type: "string", default: "HEAD" },
      repository: text,
      "git-secret": text,
      backend: text,
      organization: text,
      "preview-only": text,
      every: { type: "string", default: "3600" },
      approvers: { type: "string", default: "image-registry-approvers" },
      output: { type: "string", default: "fleet/objects" },
      help: { type: "boolean" },
    },
  });
}

function repositoryOf(url: string | undefined): string {
  if (url === undefined) throw new UserError("--repository is missing, and there is no remote named origin");
  if (/^[a-z+]+:\/\/[^/@]*:[^/@]+@/i.test(url) || /^https?:\/\/[^/]*@/i.test(url)) {
    throw new UserError(
      "--repository: the URL holds a user's credentials, which would stand in the objects; use --git-secret",
    );
  }
  if (!/^(https?|ssh):\/\/|^[\w.-]+@[\w.-]+:/.test(url)) {
    throw new UserError(`--repository "${url}": the hub cannot fetch from there; give a URL of https or ssh`);
  }
  return url;
}

function imageOf(image: string | undefined): string {
  if (image === undefined) throw new UserError(`--image is missing\n\n${usage}`);
  if (/^[^\s@]+(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/.test(image)) return image;
  throw new UserError(`--image "${image}": has neither tag nor digest; two pods may run two versions`);
}

function secondsOf(text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 60) return Number(text);
  throw new UserError(`--every "${text}": must be a number of seconds, at least 60, the operator's least`);
}

function write(folder: string, fleet: Fleet): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, objects] of Object.entries(fleet) as [string, object[]][]) {
    const documents = objects.map((object) => stringify(object, { aliasDuplicateObjects: false }));
    writeFileSync(path.join(folder, `${name}.yaml`), documents.join("---\n"));
  }
}

function summary(folder: string, { stacks, production }: Fleet): string {
  const file = (name: string) => path.join(folder, `${name}.yaml`);
  return [
    `a cluster administrator, once:  kubectl apply -f ${file("hub")}`,
    `the pipeline, every commit:     kubectl apply --server-side -f ${file("stacks")}`,
    ...(production.length
      ? [`who approves:                   kubectl apply --server-side -f ${file("production")}`]
      : []),
    "",
    "Secrets that they ask for:",
    ...[...stacks, ...production].flatMap(secretLines),
  ].join("\n");
}

function secretLines({ metadata: { name, namespace }, spec }: StackObject): string[] {
  const { kubeconfig, environment } = secretsOf(name);
  const mounts = spec.workspaceTemplate.spec.podTemplate.spec.volumes.some((volume) => volume.secret);
  const asked = mounts ? [kubeconfig, environment] : [environment];
  return asked.map((secret) => `  ${namespace}/${secret}`);
}
