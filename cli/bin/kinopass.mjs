#!/usr/bin/env node
// A few lines that any Node understands: the command itself needs a new one, and a build.
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
const [major = "0"] = process.versions.node.split(".");
if (Number(major) < 24) {
  console.error(
    `kinopass needs Node 24 or newer, this is ${process.version}. From the repository: npm run kinopass -- …`,
  );
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error("kinopass is not built yet. Run npm run build first.");
  process.exitCode = 1;
} else {
  await import(main.href);
}
