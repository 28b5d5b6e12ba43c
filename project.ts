import { join } from "node:path";

/** The project's folder. The program says `__dirname` nowhere else: it runs as one file that lies in this folder. */
export const projectDirectory = __dirname;

/** What Node is told before a TypeScript file of the project that it shall run. */
export const typescriptLoader = ["--require", join(projectDirectory, "loader/typescript.js")];
