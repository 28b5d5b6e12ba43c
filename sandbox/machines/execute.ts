import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a program to its end; a failing one is an error that holds what it wrote. */
export const execute = promisify(execFile);
