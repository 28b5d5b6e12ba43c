import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

const folders = ["config", "platforms", "backends", "kubernetes", "components", "hosts", "crds", "bench"];

/** A copy of the program that imports whole packages, as a project made by `pulumi new` does; returns its folder. */
export function defaultCopy(project: string): string {
  const copy = mkdtempSync(path.join(tmpdir(), "image-registry-default-"));
  const files = readdirSync(project).filter((name) => /\.ts$|^(tsconfig|package)\.json$/.test(name));
  for (const part of [...files, ...folders])
    cpSync(path.join(project, part), path.join(copy, part), { recursive: true });
  symlinkSync(path.join(project, "node_modules"), path.join(copy, "node_modules"));
  for (const file of sources(copy)) writeFileSync(file, withWholePackages(readFileSync(file, "utf8")));
  return copy;
}

/** `import { A } from "@pulumi/x/core/v1"` becomes an import of all of @pulumi/x, and A an alias into it. */
function withWholePackages(source: string): string {
  return source.replace(
    /^import \{([^}]+)\} from "(@pulumi\/(?:kubernetes|command))\/([a-z0-9/]+)";$/gm,
    (_, names: string, whole: string, deep: string) => {
      const local = `whole_${whole.replace(/\W/g, "_")}_${deep.replace(/\W/g, "_")}`;
      const within = deep === "provider" ? "" : `.${deep.split("/").join(".")}`;
      const aliases = names
        .split(",")
        .map((name) => name.replace(/^\s*type\s/, "").trim())
        .filter(Boolean)
        .map((name) => `import ${name} = ${local}${within}.${name};`);
      return [`import * as ${local} from "${whole}";`, ...aliases].join("\n");
    },
  );
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const entry = path.join(folder, name);
    if (name === "node_modules") return [];
    return statSync(entry).isDirectory() ? sources(entry) : /\.ts$/.test(name) ? [entry] : [];
  });
}
