const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a Kubernetes quantity such as "100Gi", "1.5" or "250m" stands for; undefined when it is none. */
export function quantityValue(text: string): number | undefined {
  const [, number, unit = "", exponent] =
    /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return exponent === undefined ? Number(number) * (units[unit] ?? NaN) : Number(`${number}e${exponent}`);
}

/** Less is a number whose unit was forgotten. */
export const leastBytes = 2 ** 20;

/** Bytes of a quantity of storage such as "100Gi"; undefined when it is none, or less than none. */
export function parseQuantity(text: string): number | undefined {
  const value = quantityValue(text);
  return value === undefined || value < 0 || /[num]$/.test(text) ? undefined : Math.ceil(value);
}
