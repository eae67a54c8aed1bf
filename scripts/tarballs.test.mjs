// What is usable in any project must arrive there whole: everything a package says it exports is in what npm packs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "./environment.mjs";

const run = promisify(execFile);
const PACKED = ["tracing", "limiter", "emulators", "contract", "guard", "http"];

for (const name of PACKED)
  test(`packages/${name} packs what it exports, no test and no source`, async () => {
    const { exports, dependencies = {} } = manifest(name);
    const packed = new Set((await pack(name, "--dry-run")).files.map(({ path }) => path));
    const promised = Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : Object.values(entry),
    );
    assert.deepEqual(
      promised.filter((path) => ![...packed].some((file) => fits(path.replace("./", ""), file))),
      [],
    );
    assert.deepEqual(
      [...packed].filter((path) => /\.test\.|^src\//.test(path)),
      [],
    );
    // Another package of ours is not in the registry, so nobody could install one that needs it unless it is packed, too.
    assert.deepEqual(
      Object.keys(dependencies).filter((one) => /^@kinopass\//.test(one) && !PACKED.includes(one.slice(10))),
      [],
    );
  });

const APP = `
import assert from "node:assert/strict";
import Fastify from "fastify";
import { createGuard, member } from "@kinopass/guard";
import { createAuthClient } from "@kinopass/guard/client";
import { guardPlugin } from "@kinopass/guard/fastify";
import { guarded } from "@kinopass/guard/http";
import { TestAuth, testToken } from "@kinopass/guard/testing";
import type { AuthPaths } from "@kinopass/contract";
import openapi from "@kinopass/contract/openapi/auth.openapi.json" with { type: "json" };
import asyncapi from "@kinopass/contract/asyncapi/auth.asyncapi.json" with { type: "json" };

const auth = await TestAuth.start();
const issuer = auth.issuer;
const guard = createGuard({ issuer, audience: "films", credential: auth.credential, authUrl: auth.url });
await guard.start();
const app = Fastify();
await app.register(guardPlugin, { guard });
app.get("/", { config: { policy: member } }, async ({ caller }) => caller.kind);
const token = await testToken({ key: auth.key, issuer, audience: "films", at: new Date() });
assert.equal((await app.inject("/")).statusCode, 401);
assert.equal((await app.inject({ url: "/", headers: { authorization: "Bearer " + token } })).body, "member");
await app.close();
await auth.kill();
const introspection: keyof AuthPaths = "/v1/introspect";
assert.ok(introspection in openapi.paths && asyncapi.asyncapi === "3.0.0");
assert.equal(typeof createAuthClient({ baseUrl: issuer, credential: auth.credential }).introspect, "function");
assert.equal(typeof guarded(guard, member), "function");
`;

test("an empty project that unpacks guard and contract compiles and runs against them", async (t) => {
  const project = mkdtempSync(join(tmpdir(), "kinopass-outside-"));
  t.after(() => rmSync(project, { recursive: true, force: true }));
  for (const name of ["contract", "guard"]) {
    const { filename } = await pack(name, "--pack-destination", project);
    const target = join(project, "node_modules/@kinopass", name);
    mkdirSync(target, { recursive: true });
    await run("tar", ["-xzf", join(project, filename), "--strip-components=1", "-C", target]);
    for (const one of Object.keys(manifest(name).dependencies ?? {})) borrow(project, one);
  }
  for (const one of ["fastify", "@types/node"]) borrow(project, one);
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(project, "app.ts"), APP);
  const compilerOptions = {
    target: "es2024",
    module: "nodenext",
    strict: true,
    resolveJsonModule: true,
    noEmit: true,
    types: ["node"],
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project]);
  await run(process.execPath, [join(project, "app.ts")]);
});

function manifest(name) {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
}

async function pack(name, ...flags) {
  const { stdout } = await run("npm", ["pack", "--json", "--offline", ...flags], {
    cwd: join(root, "packages", name),
  });
  const told = JSON.parse(stdout);
  return (Array.isArray(told) ? told : Object.values(told))[0];
}

function fits(pattern, file) {
  const [before, after] = pattern.split("*");
  return after === undefined ? file === before : file.startsWith(before) && file.endsWith(after);
}

/** As the registry would give it. */
function borrow(project, name) {
  const link = join(project, "node_modules", name);
  if (name.startsWith("@kinopass/")) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, "node_modules", name), link, "dir");
}
