// Runs the tests: builds, checks the quick things, starts one PostgreSQL for all test files, makes sure there is a Redis, then
// hands an explicit list of compiled test files to Node's runner (a bare directory would be loaded as one file and pass).
//
//   npm test                     everything
//   npm test -- sessions guard   only test files whose path has one of these words
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { demandNode, root } from "./environment.mjs";
import { redisDirectory, withFirstOnPath } from "./redis.mjs";
import { listenToSpans } from "./suite-canary.mjs";

demandNode();
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const flags = process.argv.slice(2).filter((word) => word.startsWith("--"));
const node = process.execPath;

step("build", () => run([join(root, "scripts/build.mjs")]));
if (words.length === 0 && !flags.includes("--no-check"))
  step("check", () => run([join(root, "scripts/check.mjs"), "--no-build"]));
step("redis", ensureRedis);

const files = globSync("{packages,services}/*/dist/**/*.test.js", { cwd: root })
  .concat(
    globSync("{stand,cli,bench}/dist/**/*.test.js", { cwd: root }),
    globSync("scripts/*.test.mjs", { cwd: root }),
  )
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`No test file has ${words.join(" or ")} in its path.`);
  process.exit(1);
}

const { forgetOtherServers } = await import(join(root, "packages/postgres/dist/index.js"));
forgetOtherServers(process.env);
const { startEmbeddedPostgres } = await import(join(root, "packages/postgres/dist/embedded.js"));
const directory = mkdtempSync(join(tmpdir(), "kinopass-test-"));
// The server runs as nobody where we are root, and must be able to go in.
chmodSync(directory, 0o755);
const began = performance.now();
const server = await startEmbeddedPostgres({
  directory: join(directory, "data"),
  durable: false,
  settings: { max_connections: "400" },
});
console.log(`postgres   PostgreSQL ${server.version} for ${files.length} test files, ${seconds(began)}`);

// Spans that the whole suite cannot do without: a canary that hears nothing proves nothing.
const SPANS = [
  "sessions.refresh",
  "passwords.verify",
  "limits.decide",
  "social.exchange",
  "films.find",
  "playback.start",
];
const canary = await listenToSpans(SPANS);
const runner = spawn(
  node,
  [
    "--test",
    "--enable-source-maps",
    "--test-timeout=1500000",
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    ...flags.filter((flag) => flag.startsWith("--test-")),
    ...files.map((file) => join(root, file)),
  ],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      KINOPASS_TEST_POSTGRES: server.url("postgres"),
      KINOPASS_TEST_SPANS: canary.url,
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => runner.kill(signal));
const code = await new Promise((done) => runner.once("exit", (status) => done(status ?? 1)));
await server.stop();
rmSync(directory, { recursive: true, force: true });
await canary.close();
for (const line of canary.found.slice(0, 20)) console.error(line);
const unheard = words.length === 0 ? SPANS.filter((name) => !canary.names.has(name)) : [];
if (unheard.length > 0) console.error(`No test made a span of ${unheard.join(", ")}: nobody listened.`);
process.exitCode = code !== 0 ? code : canary.found.length + unheard.length > 0 ? 1 : 0;

function step(name, work) {
  const start = performance.now();
  work();
  console.log(`${name.padEnd(10)} ok, ${seconds(start)}`);
}

function run(args) {
  const done = spawnSync(node, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, KINOPASS_QUIET: "1" },
  });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Tests run against a real Redis. */
function ensureRedis() {
  try {
    process.env.PATH = withFirstOnPath(redisDirectory());
  } catch (error) {
    console.error(`${error.message} Then run npm test again.`);
    process.exit(1);
  }
}
