import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** An `ssh` first on PATH for the tests of one suite: it keeps what it was sent, and answers as it is told. */
export function fakeSsh() {
  const directory = mkdtempSync(join(tmpdir(), "fake-ssh-"));
  const { PATH } = process.env;
  const kept = (name: string) => readFileSync(join(directory, name), "utf8");
  before(() => (process.env.PATH = [directory, PATH].join(delimiter)));
  after(() => {
    process.env.PATH = PATH;
    rmSync(directory, { recursive: true });
  });
  return {
    isKilled() {
      writeFileSync(join(directory, "ssh"), "#!/bin/sh\nkill -KILL $$\n", { mode: 0o755 });
    },
    answers(status: number, text: string) {
      const lines = [
        "#!/bin/sh",
        `printf %s "$*" >${directory}/command`,
        `cat >${directory}/script`,
        `echo '${text}'`,
        `exit ${status}`,
      ];
      writeFileSync(join(directory, "ssh"), lines.join("\n"), { mode: 0o755 });
    },
    /** The options, the destination and the command of the last call. */
    command: () => kept("command"),
    script: () => kept("script"),
  };
}
