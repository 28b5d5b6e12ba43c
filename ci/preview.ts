import { markerOf } from "./forge";
import { runPulumi } from "./pulumi";
import { bodyLimit, report } from "./report";
import { runMain, stackArgument } from "./run-main";
import { thisForge } from "./this-forge";

/** `ci/preview.ts STACK`: previews it and comments on the change under review, also when the preview fails. */
async function main(args: string[]): Promise<void> {
  const [stack] = stackArgument(args);
  const run = await runPulumi("preview", stack, []);
  const marker = markerOf("preview", stack);
  const title = `Preview of stack ${stack} at ${process.env.COMMIT?.slice(0, 12) || "this commit"}`;
  await thisForge(process.env).comment(marker, report(title, run, bodyLimit - marker.length - 1));
  process.exitCode = run.exitCode;
}

runMain(main);
