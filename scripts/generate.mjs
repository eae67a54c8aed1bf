// Makes what is generated and committed: project references, the OpenAPI and AsyncAPI documents, the client types. With --check it changes
// nothing and fails where a file is stale, so that the contract can never lag behind the routes.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { typesOf } from "../packages/contract/types.mjs";
import { demandNode, root } from "./environment.mjs";

demandNode();
const check = process.argv.includes("--check");
const stale = [];
const workspaces = globSync("{packages,services}/*/package.json", { cwd: root })
  .concat(["stand/package.json", "bench/package.json", "cli/package.json"])
  .map((file) => ({ directory: dirname(file), ...read(file) }))
  .sort((a, b) => a.directory.localeCompare(b.directory));

references();
// The documents are made by the routes as they are now. What does not compile may be waiting for them, so go on all the same.
if (!check) spawnSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
if (existsSync(join(root, "services/catalog/dist/contract.js"))) await contracts();
if (stale.length > 0) {
  console.error(`Stale, run npm run generate and commit:\n  ${stale.join("\n  ")}`);
  process.exit(1);
}

/** tsc -b builds what a workspace references; the references are its @kinopass dependencies. */
function references() {
  const homes = new Map(workspaces.map(({ name, directory }) => [name, directory]));
  for (const { directory, dependencies, devDependencies } of workspaces) {
    const needed = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => homes.has(name));
    const paths = needed.map((name) => relative(directory, homes.get(name))).sort();
    const file = join(directory, "tsconfig.json");
    write(file, json({ ...read(file), references: paths.map((path) => ({ path })) }));
  }
}

async function contracts() {
  const made = [
    ["auth", "services/auth/dist/contract.js", "authContract"],
    ["catalog", "services/catalog/dist/contract.js", "catalogContract"],
  ];
  for (const [name, module, make] of made) {
    const document = await (await import(pathToFileURL(join(root, module)).href))[make]();
    write(`packages/contract/openapi/${name}.openapi.json`, json(document));
    write(`packages/contract/src/generated/${name}.ts`, await typesOf(document));
  }
  const { authFeedContract } = await import(pathToFileURL(join(root, made[0][1])).href);
  write("packages/contract/asyncapi/auth.asyncapi.json", json(authFeedContract()));
}

function read(file) {
  return JSON.parse(readFileSync(join(root, file), "utf8"));
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(file, text) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  if (check) {
    stale.push(file);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(`wrote ${file}`);
}
