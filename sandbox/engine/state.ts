import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isMap, mapSecrets, type PropertyMap, secret } from "./values";

export interface ResourceState {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent?: string;
  provider?: string;
  dependencies: string[];
  /** By input: the resources its value comes from. */
  propertyDependencies: Record<string, string[]>;
  protect: boolean;
  retainOnDelete: boolean;
  deletedWith?: string;
  /** In seconds. */
  timeouts: { create?: number; update?: number; delete?: number };
  /** Names of hooks. */
  hooks: Record<`${"before" | "after"}${"Create" | "Update" | "Delete"}`, string[]>;
  /** Why the resource exists but is not ready: the next up tries again, changed or not. */
  initErrors: string[];
  /** Deleted ahead of its replacement, which is still to be made. */
  pendingReplacement?: true;
  /** Replaced, and still to be deleted. */
  pendingDelete?: true;
}

export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

const encrypted = "[secret]";

/**
 * What a stack has made: one JSON file, rewritten whole after every step. Secrets are in it only encrypted; the key is
 * in a file of its own beside it (`<file>.key`). Both are readable by their owner alone.
 */
export class StackState {
  resources: ResourceState[] = [];

  constructor(private readonly file: string) {
    if (!existsSync(file)) return;
    const { resources } = JSON.parse(readFileSync(file, "utf8")) as { resources: ResourceState[] };
    this.resources = decrypt(resources, this.key()) as ResourceState[];
  }

  find(urn: string): ResourceState | undefined {
    return this.resources.find((resource) => resource.urn === urn && !resource.pendingDelete);
  }

  /** Takes the place of the resource's former state, at the end: behind all it depends on. */
  put(resource: ResourceState): void {
    this.resources = this.resources.filter((other) => other.urn !== resource.urn || other.pendingDelete);
    this.resources.push(resource);
  }

  remove(resource: ResourceState): void {
    this.resources = this.resources.filter((other) => other !== resource);
  }

  /** Everything before what it depends on, lies in or is made with. */
  dependentsFirst(): ResourceState[] {
    const ordered = new Set<ResourceState>();
    const visit = (resource: ResourceState): void => {
      if (ordered.has(resource)) return;
      const needs = [...resource.dependencies, resource.parent, resource.provider];
      for (const other of this.resources) if (other !== resource && needs.includes(other.urn)) visit(other);
      ordered.add(resource);
    };
    this.resources.forEach(visit);
    return [...ordered].reverse();
  }

  save(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const text = JSON.stringify({ resources: encrypt(this.resources, this.key()) }, undefined, 2);
    writeFileSync(`${this.file}.new`, text, { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
  }

  private key(): Buffer {
    const file = `${this.file}.key`;
    if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("base64"), { mode: 0o600 });
    return Buffer.from(readFileSync(file, "utf8"), "base64");
  }
}

function encrypt(value: unknown, key: Buffer): unknown {
  return mapSecrets(value, (plain) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const text = Buffer.concat([cipher.update(JSON.stringify(plain)), cipher.final()]);
    return { [encrypted]: Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64") };
  });
}

function decrypt(value: unknown, key: Buffer): unknown {
  if (Array.isArray(value)) return value.map((item) => decrypt(item, key));
  if (!isMap(value)) return value;
  const sealed = value[encrypted];
  if (typeof sealed !== "string") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, decrypt(item, key)]));
  }
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
  return secret(JSON.parse(text) as unknown);
}
