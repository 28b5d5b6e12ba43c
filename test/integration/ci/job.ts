import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { projectDirectory, typescriptLoader } from "../../../project";

/** What the `pulumi` of a job does: what it prints, logs as events, and ends with. */
export interface FakePulumi {
  readonly exitCode?: number;
  readonly output?: string;
  /** What it writes to stderr, whatever it is asked. */
  readonly warning?: string;
  readonly events?: object[];
  /** When the stack's last update began. */
  readonly lastUpdate?: string;
  /** The file that --save-plan writes. */
  readonly plan?: object;
}

const program = `#!/usr/bin/env bash
args=("$@")
echo "$*" >> "$FAKE/calls"
cat "$FAKE/warning" >&2
env > "$FAKE/environment"
if [[ "$1 $2" == "stack history" ]]; then cat "$FAKE/history"; exit; fi
[[ -z "\${KUBECONFIG:-}" ]] || { stat -c %a "$KUBECONFIG"; cat "$KUBECONFIG"; } > "$FAKE/kubeconfig"
echo "\${KUBECONFIG:-}" > "$FAKE/kubeconfig-path"
for ((i = 0; i < $#; i++)); do
  [[ "\${args[i]}" == --event-log ]] && cp "$FAKE/events" "\${args[i + 1]}"
  [[ "\${args[i]}" == --save-plan ]] && cp "$FAKE/plan" "\${args[i + 1]}"
done
cat "$FAKE/output"
exit "$(cat "$FAKE/exit-code")"
`;

/** A job of a workflow: a folder, an environment, and a `pulumi` on PATH that does as told. */
export class Job {
  readonly folder = mkdtempSync(path.join(tmpdir(), "ci-job-"));

  constructor(private readonly environment: Record<string, string> = {}) {
    for (const folder of ["bin", "fake"]) mkdirSync(this.file(folder));
    writeFileSync(this.file("bin/pulumi"), program);
    chmodSync(this.file("bin/pulumi"), 0o755);
    this.pulumi({});
  }

  pulumi({
    exitCode = 0,
    output = "",
    warning = "",
    events = [],
    lastUpdate = "",
    plan = {},
  }: FakePulumi): void {
    writeFileSync(this.file("fake/exit-code"), String(exitCode));
    writeFileSync(this.file("fake/output"), output);
    writeFileSync(this.file("fake/warning"), warning);
    writeFileSync(this.file("fake/events"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    writeFileSync(
      this.file("fake/history"),
      JSON.stringify(lastUpdate === "" ? [] : [{ startTime: lastUpdate }]),
    );
    writeFileSync(this.file("fake/plan"), JSON.stringify(plan));
  }

  async run(script: string, ...args: string[]): Promise<{ exitCode: number | null; output: string }> {
    const child = this.start(script, ...args);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { exitCode, output };
  }

  start(script: string, ...args: string[]) {
    return spawn(process.execPath, [...typescriptLoader, `ci/jobs/${script}.ts`, ...args], {
      cwd: projectDirectory,
      env: {
        ...process.env,
        // In the order in which npm would have it: the package's own `pulumi` is not to be taken.
        PATH: [path.resolve("node_modules/.bin"), this.file("bin"), process.env.PATH].join(path.delimiter),
        FAKE: this.file("fake"),
        RUNNER_TEMP: this.folder,
        GITHUB_STEP_SUMMARY: this.file("summary.md"),
        GITHUB_OUTPUT: this.file("outputs"),
        ...this.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), "utf8");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export const diagnostic = (severity: string, message: string) => ({ diagnosticEvent: { severity, message } });
export const summary = (resourceChanges: object) => ({ summaryEvent: { resourceChanges } });
