/** `npm run bench`: what is measured, this project's figure, the alternative's, and their ratio. */
import { fleetRows } from "./fleet";
import { hostRows } from "./hosts";
import { programRows } from "./program-start";
import { table } from "./table";

async function main(): Promise<void> {
  console.log(table([...(await programRows()), ...(await fleetRows()), ...(await hostRows())]));
}

void main();
