import { fail } from "./fails";

void Promise.resolve({ message: "as written" }).then(fail);
