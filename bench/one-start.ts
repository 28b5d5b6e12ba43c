/**
 * One measured run: the program of the working directory, from the start of this process to its last registration,
 * against the SDK's mock monitor and a live cluster. Prints milliseconds and peak memory (KiB) as JSON.
 */
import * as path from "node:path";
import { resourceUsage } from "node:process";
import * as pulumi from "@pulumi/pulumi";

interface Monitor {
  registerResourceHook?: (request: unknown, answer: (error: null, response: object) => void) => void;
}

async function main(): Promise<void> {
  const [directory = ".", config = "{}"] = process.argv.slice(2);
  let last = 0;
  await pulumi.runtime.setMocks(
    {
      call: ({ inputs }) => inputs as Record<string, unknown>,
      newResource: ({ name, inputs }) => {
        last = performance.now();
        return { id: name, state: inputs as Record<string, unknown> };
      },
    },
    "image-registry",
    "prod",
    true,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as Monitor;
  monitor.registerResourceHook = (_request, answer) => answer(null, {});
  pulumi.runtime.setAllConfig(JSON.parse(config) as Record<string, string>);
  const loaded: unknown = await import(path.resolve(directory, "index.ts"));
  await pulumi.runtime.runInPulumiStack(
    (loaded as { default: () => Promise<Record<string, unknown>> }).default,
  );
  console.log(JSON.stringify({ milliseconds: last, kibibytes: resourceUsage().maxRSS }));
}

void main();
