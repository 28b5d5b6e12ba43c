import { fail } from "./fails";

try {
  fail({ message: "as written" });
} catch (error) {
  console.log((error as Error).stack);
}
