import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

/** What stands in for GitHub's and Pulumi's actions, which no registry has: the least that a job sees of each. */
const actions: Record<string, { inputs: string[]; run: string }> = {
  "actions/setup-node": { inputs: ["node-version-file"], run: `test -s "\${{ inputs.node-version-file }}"` },
  // The CLI, a stand-in too, is on PATH already.
  "pulumi/actions": { inputs: ["pulumi-version"], run: `test -n "\${{ inputs.pulumi-version }}"` },
  "actions/upload-artifact": {
    inputs: ["name", "path", "overwrite"],
    run: `
      artifact="$ARTIFACTS/\${{ inputs.name }}"
      rm -rf "$artifact" && mkdir -p "$artifact"
      if [[ -d "\${{ inputs.path }}" ]]; then cp -r "\${{ inputs.path }}/." "$artifact"; else cp "\${{ inputs.path }}" "$artifact"; fi`,
  },
  "actions/download-artifact": {
    inputs: ["name", "pattern", "path"],
    run: `
      cd "$ARTIFACTS" && found=(\${{ inputs.name || inputs.pattern }}) && cd - >/dev/null
      for artifact in "\${found[@]}"; do
        # One artifact gets no folder of its own.
        to="\${{ inputs.path }}" && [[ \${#found[@]} == 1 ]] || to+="/$artifact"
        mkdir -p "$to" && cp -r "$ARTIFACTS/$artifact/." "$to"
      done`,
  },
};

/** Writes the stand-ins to a folder. Returns where each is, by its name. */
export function writeActions(folder: string): Record<string, string> {
  const written = Object.entries(actions).map(([name, { inputs, run }]) => {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    const description = "stand-in";
    const action = {
      name,
      description,
      inputs: Object.fromEntries(inputs.map((input) => [input, { description }])),
      runs: { using: "composite", steps: [{ shell: "bash", run }] },
    };
    writeFileSync(path.join(place, "action.yml"), JSON.stringify(action)); // which is YAML
    return [name, place] as const;
  });
  return Object.fromEntries(written);
}
