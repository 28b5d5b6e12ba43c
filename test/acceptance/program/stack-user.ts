import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { ControlPlane } from "../../../sandbox/control-plane";

const folder = path.resolve("access");

interface Manifest {
  kind: string;
  metadata: { namespace?: string };
  rules?: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
}

interface AuditEvent {
  verb: string;
  user: { username: string };
  objectRef?: { apiGroup?: string; resource: string; namespace?: string; name?: string };
  responseStatus: { code: number };
}

/** A user of `access/` on a cluster that records its requests, given its rights as a reader of the docs does it. */
export class StackUser {
  private readonly given: Manifest[] = [];

  constructor(
    private readonly controlPlane: ControlPlane,
    private readonly namespace: string,
    private readonly account = "image-registry-stack",
  ) {}

  /** `kubectl apply -f access/FILE` */
  async give(file: string): Promise<void> {
    await this.run("kubectl", ["apply", "-f", path.join(folder, file)]);
    const documents = parseAllDocuments(readFileSync(path.join(folder, file), "utf8"));
    this.given.push(...documents.map((document) => document.toJS() as Manifest));
  }

  /** `kubectl delete -f access/FILE` */
  async take(file: string): Promise<void> {
    await this.run("kubectl", ["delete", "-f", path.join(folder, file)]);
  }

  /** What it wrote with success, in its order: `VERB RESOURCE`. */
  writes(): string[] {
    const writes = this.requests().filter(
      ({ verb, responseStatus }) =>
        ["create", "patch", "update", "delete"].includes(verb) && responseStatus.code < 300,
    );
    return writes.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`);
  }

  /** What a stack's configuration needs to work as this user. */
  async configuration(): Promise<{ kubeconfig: string; context: string }> {
    const kubeconfig = path.join(this.controlPlane.directory, "cluster", `${this.account}.kubeconfig`);
    const names = [this.controlPlane.context, "test", this.namespace];
    await this.run(path.join(folder, "kubeconfig.sh"), [...names, kubeconfig, "1h", this.account]);
    return { kubeconfig, context: "test" };
  }

  /** `VERB GROUP/RESOURCE NAME`, with a namespace before the name where there is one and * for any name. */
  granted(): Set<string> {
    const rights = this.given.flatMap(({ rules = [], metadata: { namespace } }) =>
      rules.flatMap(({ apiGroups, resources, resourceNames = ["*"], verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            resourceNames.flatMap((name) =>
              verbs.map((verb) => right(verb, group, resource, name, namespace)),
            ),
          ),
        ),
      ),
    );
    return new Set(rights);
  }

  /** The granted rights that some request needed, and the requests that were refused. */
  used(): { rights: Set<string>; refused: string[] } {
    const granted = this.granted();
    const rights = new Set<string>();
    const refused: string[] = [];
    for (const { verb, objectRef, responseStatus } of this.requests()) {
      if (!objectRef) continue;
      const { apiGroup = "", resource, namespace, name = "*" } = objectRef;
      if (responseStatus.code === 403) refused.push(right(verb, apiGroup, resource, name, namespace));
      // Server-side apply makes what is not there, and needs both rights for it.
      const verbs = verb === "patch" && responseStatus.code === 201 ? ["patch", "create"] : [verb];
      for (const one of verbs) {
        const covering = [name, "*"].flatMap((covered) =>
          [namespace, undefined].map((place) => right(one, apiGroup, resource, covered, place)),
        );
        const needed = covering.find((candidate) => granted.has(candidate));
        if (needed !== undefined) rights.add(needed);
      }
    }
    return { rights, refused };
  }

  private requests(): AuditEvent[] {
    const lines = readFileSync(this.controlPlane.auditLog, "utf8").trim().split("\n");
    const events = lines.map((line) => JSON.parse(line) as AuditEvent);
    const ours = events.filter(
      ({ user }) => user.username === `system:serviceaccount:${this.namespace}:${this.account}`,
    );
    assert.notEqual(ours.length, 0);
    return ours;
  }

  private run(program: string, args: string[]) {
    const { binaries, kubeconfig } = this.controlPlane;
    const env = {
      ...process.env,
      PATH: [binaries, process.env.PATH].join(path.delimiter),
      KUBECONFIG: kubeconfig,
    };
    return promisify(execFile)(program, args, { env });
  }
}

function right(verb: string, group: string, resource: string, name: string, namespace?: string): string {
  return [verb, group === "" ? resource : `${group}/${resource}`, namespace, name]
    .filter((part) => part !== undefined)
    .join(" ");
}
