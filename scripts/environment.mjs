import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** npm scripts find the pinned Node first on their path; this tells what to do where none was pinned for the platform. */
export function demandNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 24) return;
  console.error(
    `Kinopass needs Node 24 or newer; this is ${process.version}.\n` +
      "On Linux (x64, arm64) and Windows (x64) `npm ci` brings the right one: run the npm scripts (npm start, npm test).\n" +
      "Elsewhere install Node 24 from your package manager and try again.",
  );
  process.exit(1);
}
