import * as pulumi from "@pulumi/pulumi";
import program from "../../../index";
import type { LiveOperator } from "../../../platforms/operator/live";
import { FakeCluster } from "./fake-cluster";
import { live } from "./fixtures";
import { run } from "./monitor";

/** The whole program in preview, on a cluster that answers; the keys `encrypted` come as secrets. */
export async function previewOf(
  values: Record<string, unknown>,
  found: Partial<LiveOperator> = {},
  encrypted: readonly string[] = [],
) {
  const cluster = await new FakeCluster(
    live({ holdsImages: false, deployment: undefined, ...found }),
  ).start();
  try {
    return await run(
      () => {
        setConfiguration({ ...cluster.connection, ...values }, encrypted);
        return program();
      },
      { preview: true },
    );
  } finally {
    await cluster.stop();
  }
}

/** What the engine hands a program: text, and JSON for the rest. A key with a namespace (`kubernetes:context`) keeps it. */
export function setConfiguration(
  values: Record<string, unknown>,
  encrypted: readonly string[] = [],
  project = "image-registry",
): void {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const full = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  const config = Object.entries(values).map(([key, value]) => [full(key), text(value)] as const);
  pulumi.runtime.setAllConfig(Object.fromEntries(config), encrypted.map(full));
}
