import { styleText } from "node:util";
import type { Proof } from "./prove";

/** The proof for people: the verdict first, then what it rests on. */
export function proofText({
  context,
  keeps,
  storage,
  image,
  steps,
  problem,
  unread,
  leftBehind,
}: Proof): string {
  const verdict = keeps
    ? styleText("green", "● keeps what is pushed to it")
    : styleText("red", "● not proved to keep what is pushed to it");
  return [
    `${styleText("bold", `registry of ${context}`)}  ${verdict}`,
    ...(problem ? [`  ${styleText("yellow", "!")} ${problem.message}`] : []),
    "",
    row("storage", storage),
    row("image", image),
    ...steps.map(({ did, seconds }) => `  ${styleText("green", "✔")} ${did} (${seconds} s)`),
    ...unread.map((one) => row("not read", one)),
    ...leftBehind.map((left) => row("left behind", left)),
  ].join("\n");
}

function row(name: string, value: string): string {
  return `${styleText("bold", name.padEnd(11))} ${value}`;
}
