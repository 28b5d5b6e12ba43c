import { UserError } from "../../errors";
import type { Forge } from "./forge";

/** The forge that this job runs on. The client library of the other one is not loaded. */
export async function thisForge(environment: NodeJS.ProcessEnv): Promise<Forge> {
  if (environment.GITHUB_REPOSITORY) return (await import("./github")).gitHub(environment);
  if (environment.CI_API_V4_URL) return (await import("./gitlab")).gitLab(environment);
  throw new UserError(
    "neither GITHUB_REPOSITORY nor CI_API_V4_URL is set: this runs in a job of GitHub or GitLab",
  );
}
