import Mocha from "mocha";

/** Leaves out a test, or from a hook all tests of its describe; the reason is shown with each of them. */
export function skip(context: Mocha.Context, reason: string): never {
  const tell = (test: Mocha.Runnable) => void (test.title += ` (${reason})`);
  const { test } = context;
  if (test instanceof Mocha.Hook) test.parent!.eachTest(tell);
  else tell(test!);
  return context.skip();
}
