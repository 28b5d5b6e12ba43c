import { markerOf, previewTitle } from "../lib/forge";
import { runPulumi } from "../lib/pulumi";
import { bodyLimit, report } from "../lib/report";
import { runMain, stackArgument } from "../lib/run-main";
import { thisForge } from "../lib/this-forge";

/** `ci/jobs/preview.ts STACK`: previews it and comments on the change under review, also when the preview fails. */
async function main(args: string[]): Promise<void> {
  const [stack] = stackArgument(args);
  const run = await runPulumi("preview", stack, []);
  const marker = markerOf("preview", stack);
  const text = report(previewTitle(stack, process.env), run, bodyLimit - marker.length - 1);
  await (await thisForge(process.env)).comment(marker, text);
  process.exitCode = run.exitCode;
}

runMain(main);
