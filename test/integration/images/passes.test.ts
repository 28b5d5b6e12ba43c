import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { it as mochaIt } from "mocha";
import { Copy } from "../../../images/passes";
import { asUser, LocalShell, LocalStore } from "./local-store";

const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file));

/** All of it once; what the tools and the way have a part in, with each. */
const ways: { name: string; command: [string, ...string[]]; isAcross: boolean; only?: RegExp }[] = [
  { name: "from one directory to another", command: ["sh", "-c"], isAcross: false },
  {
    name: "from one pod to another",
    command: ["sh", "-c"],
    isAcross: true,
    only: /byte for byte|killed|half-way|may not read/,
  },
  ...(busybox
    ? [true, false].map((isAcross) => ({
        name: `with busybox, ${isAcross ? "from one pod to another" : "from one directory to another"}`,
        command: [busybox, "sh", "-c"] as [string, ...string[]],
        isAcross,
        only: /byte for byte|damaged|symbolic link|names/,
      }))
    : []),
];

for (const { name, command, isAcross, only = /./ } of ways) {
  const it = (title: string, test: (this: Mocha.Context) => Promise<void>) =>
    void (only.test(title) && mochaIt(title, test));
  describe(`images, copied ${name}`, () => {
    let source: LocalStore;
    let target: LocalStore;
    let far: LocalShell;
    let near: LocalShell;
    let lines: string[];
    beforeEach(() => {
      [source, target] = [new LocalStore(), new LocalStore()];
      near = new LocalShell("the mover", command);
      far = isAcross ? new LocalShell("the registry's pod", command) : near;
      lines = [];
    });
    afterEach(() => [source, target].forEach((store) => store.remove()));

    const copy = () =>
      new Copy({ source: source.at(far), target: target.at(near) }, (line) => lines.push(line));
    const settled = async (moving = copy()) => {
      await moving.whileServing();
      await moving.verifyWhileServing();
      await moving.whileHeld();
      return moving;
    };

    it("are all there, byte for byte, with what was pushed meanwhile, and without what was deleted", async () => {
      const big = randomBytes(5 * 1024 ** 2);
      source.push("shop/cart", "1", big);
      source.push("shop/other", "1", big);
      source.push("shop/cart", "old");
      const moving = copy();
      await moving.whileServing();
      source.push("shop/cart", "2");
      source.deleteTag("shop/cart", "old");
      await moving.whileHeld();
      assert.deepEqual(target.files(), source.files());
      assert.match(lines.join("\n"), /pass 1: \d\.\d MiB of \d\.\d MiB copied/);
    });

    it("are none where nobody ever pushed", async () => {
      await settled();
      assert.deepEqual(target.files(), {});
    });

    it("do not include uploads that were cut", async () => {
      source.push("shop/cart", "1");
      source.write("repositories/shop/cart/_uploads/0d7e/data", randomBytes(100));
      await settled();
      assert.ok(!Object.keys(target.files()).some((file) => file.includes("_uploads")));
    });

    it("go on where a copy was killed, also in the middle of a blob", async () => {
      source.push("shop/cart", "1", randomBytes(100_000));
      await copy().whileServing();
      const [cut] = Object.keys(target.files()).filter((file) => statSync(target.path(file)).size > 50_000);
      truncateSync(target.path(cut!), 10_000);
      await settled();
      assert.deepEqual(target.files(), source.files());
    });

    it("are hashed: what an earlier copy left with the right length and the wrong bytes is copied again", async () => {
      const content = randomBytes(10_000);
      source.push("shop/cart", "1", content);
      const hex = source.blob(content);
      target.write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, Buffer.alloc(10_000));
      await settled();
      assert.deepEqual(target.files(), source.files());
    });

    it("are hashed once all is copied, while the registry serves, and not again while pushes are held", async () => {
      source.push("shop/cart", "1");
      const hashed: string[] = [];
      let when = "first pass";
      near.before = (script) => void (/xargs.*sha256sum/.test(script) && hashed.push(when));
      const moving = copy();
      await moving.whileServing();
      when = "verification";
      await moving.verifyWhileServing();
      when = "hold";
      await moving.whileHeld();
      assert.deepEqual([...new Set(hashed)], ["verification"]);
      assert.match(lines.join("\n"), /\d KiB of \d\.\d KiB verified/);
    });

    it("come without what an earlier copy left half, if its source has it no more: a push of it would find it there", async () => {
      source.push("shop/cart", "1");
      const half = `blobs/sha256/ab/${"ab".repeat(32)}/data`;
      target.write(half, "half");
      await settled();
      assert.deepEqual(target.files(), source.files());
      assert.ok(!existsSync(target.path(half)));
    });

    it("are not said to be there where what is behind a symbolic link would stay behind", async () => {
      source.push("shop/cart", "1");
      symlinkSync("/srv/larger-disk", source.path("repositories/moved"));
      await assert.rejects(
        copy().whileServing(),
        /has a symbolic link, .*repositories\/moved: .*copy by hand/,
      );
      rmSync(source.path("repositories/moved"));
      renameSync(`${source.root}/docker`, `${source.root}/elsewhere`);
      symlinkSync("elsewhere", `${source.root}/docker`);
      await assert.rejects(copy().whileServing(), /has a symbolic link, docker: /);
    });

    it("come with files of whatever names somebody put beside them, but for those of two lines", async () => {
      source.push("shop/cart", "1");
      for (const name of ["a blank", "Ünïcode", "-rf", "quote'\"$(x)"])
        source.write(`repositories/shop/cart/_manifests/${name}`, name);
      const images = source.files();
      source.write("repositories/shop/two\nlines/link", "x");
      await settled();
      assert.deepEqual(target.files(), images);
    });

    it("end with what the registry's user may not read, and not as something that writes to the store", async function () {
      if (asUser.length === 0) this.skip(); // only root can make a file that is nobody's to read
      near = new LocalShell("the mover", [...asUser, ...command]);
      far = isAcross ? new LocalShell("the registry's pod", [...asUser, ...command]) : near;
      source.push("shop/cart", "1");
      chmodSync(source.path("repositories/shop/cart/_manifests/tags/1/current/link"), 0);
      await assert.rejects(copy().whileServing(), /current\/link: .*Permission denied/);
    });

    it("come as they are where they were damaged already, and that is told", async () => {
      source.push("shop/cart", "1");
      const hex = source.blob(Buffer.from("was whole"));
      source.write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, "is broken");
      source.link(`repositories/shop/cart/_layers/sha256/${"ab".repeat(32)}/link`, "ab".repeat(32));
      const { faults } = await settled();
      assert.deepEqual(target.files(), source.files());
      assert.match([...faults].join("\n"), /was damaged already[^]*was missing already/);
    });

    it("have the tag that was moved last, also when it was moved twice within a second", async () => {
      source.push("shop/cart", "1");
      const link = "repositories/shop/cart/_manifests/tags/1/current/link";
      const moving = copy();
      await moving.whileServing();
      const { atime, mtime } = statSync(source.path(link));
      writeFileSync(source.path(link), `sha256:${source.push("shop/cart", "2")}`);
      utimesSync(source.path(link), atime, mtime);
      await moving.whileHeld();
      assert.deepEqual(target.files(), source.files());
    });

    it("are not said to be there while something else writes to the source", async () => {
      source.push("shop/cart", "1");
      far.before = (script) => void (script.includes("stat -c") && source.push("shop/cart", "again"));
      await assert.rejects(copy().whileHeld(), /something else writes/);
    });

    it("leave the source as it was when their copy ends half-way", async () => {
      source.push("shop/cart", "1");
      const before = source.files();
      near.before = (script) => {
        if (script.includes("tar -xf")) throw new Error("the pod is gone");
      };
      await assert.rejects(copy().whileServing(), /the pod is gone/);
      assert.deepEqual(source.files(), before);
    });
  });
}
