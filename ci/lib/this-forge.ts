import { UserError } from "../../errors";
import type { Forge } from "./forge";
import { gitHub } from "./github";
import { gitLab } from "./gitlab";

/** The forge that this job runs on. */
export function thisForge(environment: NodeJS.ProcessEnv): Forge {
  if (environment.GITHUB_REPOSITORY) return gitHub(environment);
  if (environment.CI_API_V4_URL) return gitLab(environment);
  throw new UserError(
    "neither GITHUB_REPOSITORY nor CI_API_V4_URL is set: this runs in a job of GitHub or GitLab",
  );
}
