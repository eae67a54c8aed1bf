// Keeps the walls of ARCHITECTURE.md: what a file may touch can be told from where it lies.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { test } from "node:test";
import { root } from "./environment.mjs";

const SERVICES = ["services/auth", "services/catalog"];
/** Folders of a service that every capability may use and that know none of them. */
const SHARED = new Set(["(root)", "http"]);
const isTest = (file) => /\.test\.ts$|\.test-support\.ts$|\/testing\//.test(file);

const files = globSync("{packages,services}/*/src/**/*.ts", { cwd: root }).map((file) =>
  file.split(sep).join("/"),
);
const imports = files.flatMap((from) =>
  [...readFileSync(join(root, from), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    ([, to]) => ({
      from,
      to: to.startsWith(".")
        ? relative(root, join(root, dirname(from), to))
            .split(sep)
            .join("/")
        : to,
    }),
  ),
);
const within = imports.filter(({ from, to }) => to.startsWith("services/") && !isTest(from));
const serviceOf = (file) => SERVICES.find((service) => file.startsWith(`${service}/`));
const folderOf = (file) => {
  const [first, ...rest] = file.slice(`${serviceOf(file)}/src/`.length).split("/");
  return rest.length === 0 ? "(root)" : first;
};
const isWiring = (file) =>
  folderOf(file) === "wiring" ||
  (folderOf(file) === "(root)" && /\/(app|main|index|config|contract|commands|bench)\.ts$/.test(file));

test("the scan sees the code it is meant to guard", () => {
  assert.ok(files.length > 100 && imports.length > 300, `${files.length} files, ${imports.length} imports`);
  for (const service of SERVICES)
    assert.ok(
      within.some(({ from }) => from.startsWith(service)),
      service,
    );
});

test("SQL and routes are private to their capability", () => {
  const leaks = within.filter(
    ({ from, to }) =>
      folderOf(from) !== folderOf(to) && /\/([a-z-]+-)?(queries|routes)\.ts$/.test(to) && !isWiring(from),
  );
  assert.deepEqual(leaks, []);
});

test("shared folders know no capability", () => {
  const leaks = within.filter(
    ({ from, to }) =>
      SHARED.has(folderOf(from)) &&
      !SHARED.has(folderOf(to)) &&
      !isWiring(from) &&
      !TYPES_ONLY.has(`${folderOf(from)} ${to}`),
  );
  assert.deepEqual(leaks, []);
});

test("capabilities do not know how they are wired", () => {
  const leaks = within.filter(({ from, to }) => folderOf(to) === "wiring" && !isWiring(from));
  assert.deepEqual(leaks, []);
});

/** Words of the domain that the shared ground speaks: a type, not behaviour. */
const TYPES_ONLY = new Set(["http services/auth/src/tokens/access-tokens.ts"]);

test("services share no source: they meet in packages, over HTTP and in the contract", () => {
  const leaks = imports.filter(({ from, to }) => {
    const own = serviceOf(from);
    if (own === undefined) return to.startsWith("services/") || /^@kinopass\/(auth|catalog)/.test(to);
    return (
      SERVICES.some((other) => other !== own && to.startsWith(`${other}/`)) ||
      /^@kinopass\/(auth|catalog)/.test(to)
    );
  });
  assert.deepEqual(leaks, []);
});

/** Programs that measure the captcha, on the ground of the tests; they are started by hand and by a test. */
const isBot = (file) => file.startsWith("services/auth/src/captcha/bots/");

test("no package outside the tests leans on the test ground or the emulators", () => {
  const leaks = imports.filter(
    ({ from, to }) =>
      /^@kinopass\/(testing|emulators)/.test(to) &&
      !isTest(from) &&
      !isBot(from) &&
      !from.startsWith("packages/emulators"),
  );
  assert.deepEqual(leaks, []);
});

test("no service knows the bots that measure its captcha", () => {
  const leaks = imports.filter(({ from, to }) => isBot(to) && !isBot(from) && !isTest(from));
  assert.deepEqual(leaks, []);
});

test("only config.ts, main.ts and commands read the environment", () => {
  const readers = files.filter(
    (file) => /process\.env\b/.test(readFileSync(join(root, file), "utf8")) && !isTest(file),
  );
  assert.deepEqual(
    readers.filter(
      (file) =>
        !/\/(config|main|register)\.ts$|packages\/(testing|config)\/|\/commands\/|\/bench\/|\/bots\//.test(
          file,
        ),
    ),
    [],
  );
});

test("every variable that a service reads stands in docs/operating.md", () => {
  const manual = readFileSync(join(root, "docs/operating.md"), "utf8");
  const read = SERVICES.flatMap((service) => [
    ...readFileSync(join(root, service, "src/config.ts"), "utf8").matchAll(/"([A-Z][A-Z_]{5,})"/g),
  ]).map(([, name]) => name);
  assert.ok(read.length > 30, "the scan sees them");
  assert.deepEqual(
    read.filter((name) => !manual.includes(`\`${name}\``)),
    [],
  );
});
