import assert from "node:assert/strict";
import { chmodSync, chownSync, existsSync, statSync } from "node:fs";
import type { Shell } from "../../../images/shell";
import {
  keepProtected,
  makeWritable,
  protect,
  unprotect,
  whyNotProtectable,
} from "../../../images/write-protection";
import { asUser, LocalShell, LocalStore } from "./local-store";

for (const shell of [["sh"], ["busybox", "sh"]])
  describe(`a store that is protected from writing, by ${shell.join(" ")}`, () => {
    let store: LocalStore;
    beforeEach(() => {
      store = new LocalStore();
      store.push("shop/cart", "1");
    });
    afterEach(() => store.remove());

    const at = () => store.at(new LocalShell("pod x", [...asUser, ...shell, "-c"]));
    const attempt = async (script: string) => {
      const run = { stdout: process.stderr };
      return (await at().shell.run(`cd ${store.path("")} && ${script} 2>/dev/null`, run)).exitCode === 0;
    };
    const current = "repositories/shop/cart/_manifests/tags/1/current";

    it("takes no folder, no link over another, nor a change of one, but gives what it has", async () => {
      assert.equal(await protect(at(), "run-1"), undefined);
      const images = store.files();
      for (const script of [
        "mkdir blobs/sha256/zz",
        "mkdir -p repositories/other/_uploads",
        "touch repositories/shop/cart/_uploads",
        `printf x >${current}/link`,
        `touch ${current}/other`,
        `rm -f ${current}/link`,
      ])
        assert.ok(!(await attempt(script)), script);
      assert.ok(await attempt(`cat ${current}/link >/dev/null`));
      assert.deepEqual(store.files(), images);
      await unprotect(at());
      assert.ok(await attempt(`printf x >${current}/link && mkdir -p repositories/other/_uploads`));
    });

    it("is protected, too, where nobody has pushed yet", async () => {
      const empty = new LocalStore();
      try {
        assert.equal(await protect({ ...at(), root: empty.root }, "run-1"), undefined);
        assert.ok(!(await attempt(`mkdir ${empty.path("repositories/shop")}`)));
      } finally {
        empty.remove();
      }
    });

    it("gives the group its right back, too, where it had that", async () => {
      for (const mode of [0o755, 0o775]) {
        chmodSync(`${store.root}/docker`, mode);
        await protect(at(), "run-1");
        await unprotect(at());
        assert.equal(statSync(`${store.root}/docker`).mode & 0o777, mode);
      }
    });

    it("gives the group its right back, too, where an earlier hold that was left has taken it", async () => {
      chmodSync(`${store.root}/docker`, 0o775);
      await protect(at(), "run-1");
      await protect(at(), "run-1");
      await unprotect(at());
      assert.equal(statSync(`${store.root}/docker`).mode & 0o777, 0o775);
    });

    it("is opened by the pod itself when nothing is heard of who protected it", async () => {
      await protect(at(), "run-1", { abandonedAfter: 0.2, lookEvery: 0.1 });
      while (!store.canBeWritten()) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(!(await keepProtected(at(), "run-1")));
    });

    it("is opened by the pod itself, too, where its protecting was cut off", async () => {
      const { shell, root } = at();
      const cut: Shell = {
        place: "pod x",
        run: (script, streams) =>
          shell.run(
            script.replace("round=$((round + 1))", () => "kill -9 $$"),
            streams,
          ),
      };
      await assert.rejects(protect({ shell: cut, root }, "run-1", { abandonedAfter: 0.2, lookEvery: 0.1 }));
      while (!store.canBeWritten()) await new Promise((resolve) => setTimeout(resolve, 50));
    });

    it("is opened, too, where files go while it is, as those of uploads do", async () => {
      await protect(at(), "run-1");
      const { shell, root } = at();
      const busy: Shell = {
        place: "pod x",
        // find complains of what it has read of a folder and that then is not there.
        run: (script, streams) => shell.run(`find() { command find "$@"; return 1; }\n${script}`, streams),
      };
      await unprotect({ shell: busy, root });
      assert.ok(store.canBeWritten());
      assert.ok(!existsSync(`${root}/.image-registry-hold`));
    });

    it("is told apart beforehand from one whose files are another user's, and left as it was", async function () {
      if (asUser.length === 0) this.skip(); // only root can give files away
      assert.equal(await whyNotProtectable(at()), undefined);
      chownSync(store.path(`${current}/link`), 12345, 12345);
      assert.match((await whyNotProtectable(at())) ?? "", /modes of files cannot be changed: .*link/);
      assert.match((await protect(at(), "run-1")) ?? "", /modes of files cannot be changed: .*link/);
      await unprotect(at());
      assert.ok(store.canBeWritten());
      assert.ok(!existsSync(`${store.root}/.image-registry-hold`));
    });

    it("is kept only by who unprotects it, from then on", async () => {
      await protect(at(), "run-1", { abandonedAfter: 1, lookEvery: 0.2 });
      assert.ok(!(await keepProtected(at(), "another")));
      assert.ok(await keepProtected(at(), "run-1"));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.ok(!store.canBeWritten());
      await unprotect(at());
      assert.ok(store.canBeWritten());
    });

    it("is left alone by who ends the hold of another run, which this one has ended before", async () => {
      await protect(at(), "run-2");
      await unprotect(at(), "run-1");
      assert.ok(!store.canBeWritten());
      assert.ok(await keepProtected(at(), "run-2"));
      await unprotect(at(), "run-1");
      assert.ok(!store.canBeWritten());
      await unprotect(at(), "run-2");
      assert.ok(store.canBeWritten());
      assert.ok(!existsSync(`${store.root}/.image-registry-hold`));
    });

    it("is left alone by who unprotects what never was", async () => {
      chmodSync(store.path(`${current}/link`), 0o444);
      await unprotect(at());
      assert.ok(!(await attempt(`printf x >${current}/link`)));
      await makeWritable(at());
      assert.ok(await attempt(`printf x >${current}/link`));
    });
  });
