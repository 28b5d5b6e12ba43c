/** For people: `0.5 cpu`, `256 MiB of memory`. */
export function amountText(name: string, amount: number): string {
  return isBytes(name) ? `${plainAmount(name, amount)} of ${name}` : `${plainAmount(name, amount)} ${name}`;
}

/** Without the name: `0.5`, `256 MiB`. */
export function plainAmount(name: string, amount: number): string {
  return isBytes(name) ? `${Math.floor(amount / 2 ** 20)} MiB` : String(Number(amount.toFixed(3)));
}

function isBytes(name: string): boolean {
  return /(memory|storage)$/.test(name);
}
