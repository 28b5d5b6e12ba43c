import assert from "node:assert/strict";
import type { ImageSurvey, MoveRoom } from "../../../../platforms/finding";
import { findingText } from "../../../../platforms/text";

const from = { emptyDir: {} };
const seen = { repositories: 3, blobs: 9, bytes: 1.5 * 1024 ** 3, seconds: 1.2 };

function told(what: ImageSurvey | string, room: MoveRoom): string {
  return findingText({
    kind: "images will move",
    field: "copyImages",
    from,
    claim: "images",
    seen: what,
    room,
  });
}

describe("what is told of images that move", () => {
  it("is from where to where, how much, what room there is, and how long pushes are held", () => {
    assert.match(
      told(seen, { free: 2 * 1024 ** 3 }),
      /^copyImages: .*from emptyDir to claim images .*3 repositories, 9 blobs, 1\.5 GiB; there, 2\.0 GiB are free.*held.*about 30 s/,
    );
  });

  it("is as much as is known", () => {
    assert.match(told(seen, { size: 1024 }), /1\.0 KiB is the volume's size/);
    assert.match(told(seen, {}), /room is seen by the up/);
    assert.match(told("forbidden", {}), /is not known \(forbidden\); .*held.*some seconds/);
  });

  it("is what is too small, and by how much", () => {
    const [bytes, size] = [seen.bytes, 1024 ** 3];
    assert.match(
      findingText({ kind: "target is too small", field: "copyImages", claim: "images", bytes, size }),
      /are 1\.5 GiB, and claim images has room for 1\.0 GiB/,
    );
  });

  it("is a hold that was left, and what ends it", () => {
    assert.match(
      findingText({ kind: "pushes are held", since: "2026-11-28T09:00:00Z", from }),
      /emptyDir are held since 2026-11-28T09:00:00Z .*image-registry-hold.*next up takes/,
    );
  });
});
