import type { ImageSurvey } from "../platforms/finding";
import { blobOf, type Listing } from "./store";

/** What a store holds, by its files, and the seconds that it took to list them. */
export function surveyOf(files: Listing, seconds: number): ImageSurvey {
  const repositories = new Set<string>();
  let [blobs, bytes] = [0, 0];
  for (const [path, file] of files) {
    bytes += file.bytes;
    if (blobOf(path)) blobs++;
    const [, repository] = /^repositories\/(.+)\/_manifests\//.exec(path) ?? [];
    if (repository !== undefined) repositories.add(repository);
  }
  return { repositories: repositories.size, blobs, bytes, seconds };
}
