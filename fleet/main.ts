/** `npm run fleet`: the objects that have a Pulumi Kubernetes Operator run the stacks. */
import { UserError } from "../errors";
import { fleetCommand } from "./command";

try {
  console.log(fleetCommand(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
