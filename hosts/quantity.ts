const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** Bytes of a Kubernetes quantity such as "100Gi"; undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kMGTP]i?|Ki|)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  return number === undefined || factor === undefined ? undefined : Math.ceil(Number(number) * factor);
}
