import { UserError } from "../errors";

/** What comes of the flags, or of people. */
export interface Ask {
  choose<T extends string>(question: Question<T>, choices: readonly { value: T; name: string }[]): Promise<T>;
  text(question: Question<string>, check: (text: string) => string | undefined): Promise<string>;
  confirm(question: Question<boolean>): Promise<boolean>;
}

export interface Question<T> {
  /** The flag that answers it. */
  readonly flag: string;
  readonly message: string;
  readonly proposal?: T;
}

/** Asks at the terminal. */
export const atTerminal: Ask = {
  async choose({ message, proposal }, choices) {
    const { select } = await import("@inquirer/prompts");
    return select({ message, choices: [...choices], default: proposal });
  },
  async text({ message, proposal }, check) {
    const { input } = await import("@inquirer/prompts");
    return input({ message, default: proposal, required: true, validate: (text) => check(text) ?? true });
  },
  async confirm({ message, proposal }) {
    const { confirm } = await import("@inquirer/prompts");
    return confirm({ message, default: proposal });
  },
};

/** Where nobody can be asked, a flag must have said it. */
export const ofNobody: Ask = {
  choose: (question) => missing(question),
  text: (question) => missing(question),
  confirm: (question) => missing(question),
};

function missing({ flag, message, proposal }: Question<unknown>): never {
  const proposed = proposal === undefined ? "" : `; the cluster suggests ${JSON.stringify(proposal)}`;
  throw new UserError(`${flag} is missing, and there is no terminal to ask at (${message})${proposed}`);
}
