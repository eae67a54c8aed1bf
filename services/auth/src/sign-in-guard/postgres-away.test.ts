/** A PostgreSQL of the test's own is frozen and killed under a service that is being used. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { migrateAuth } from "../commands/migrate.ts";
import { ask, tally } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

const BACK_MS = 60_000;

interface Ground {
  readonly auth: TestAuth;
  readonly server: () => EmbeddedPostgres;
  restart(): Promise<void>;
}

async function startOnOwnServer(t: TestContext): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-away-"));
  chmodSync(home, 0o755);
  const directory = join(home, "data");
  let server = await startEmbeddedPostgres({ directory });
  // Hooks run in the order they were added: the service lets go first.
  const last: (() => unknown)[] = [];
  t.after(async () => {
    for (const undo of last.reverse()) await undo();
  });
  last.push(() => rmSync(home, { recursive: true, force: true }));
  last.push(() => server.stop());
  const databaseUrl = server.url("postgres");
  await migrateAuth({ DATABASE_URL: databaseUrl });
  const later = { after: (undo: () => unknown) => void last.push(undo) };
  const auth = await startTestAuth(later as Pick<TestContext, "after">, {
    config: { databaseUrl, databaseWaitMs: 400 },
  });
  return {
    auth,
    server: () => server,
    restart: async () => {
      server = await startEmbeddedPostgres({ directory, port: server.port });
    },
  };
}

/** It is asked anew once a second at most. */
async function untilReadiness(auth: TestAuth, status: number): Promise<void> {
  while ((await ask(auth, "GET /readyz")).status !== status)
    await new Promise((next) => setTimeout(next, 20));
}

/** What needs no database goes on; what does is our trouble, never a 401, and worth a retry. */
async function servesWhatItCan(auth: TestAuth, anna: SignedIn): Promise<void> {
  for (const url of ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/livez"])
    assert.equal((await auth.app.inject({ url })).statusCode, 200, url);
  // It had answered a moment ago, and nothing of that counts now.
  await untilReadiness(auth, 503);
  const { status, code, body } = await ask(auth, "GET /readyz");
  assert.deepEqual([status, code, body.missing], [503, "not_ready", ["database"]]);
  const answers = await Promise.all([
    ask(auth, "POST /v1/sessions", { email: anna.email, password: GOOD_PASSWORD }),
    ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken }),
    ask(auth, "POST /v1/accounts", { email: "new@example.com", password: GOOD_PASSWORD }),
    ask(auth, "POST /v1/password-resets", { email: anna.email }),
    ask(auth, "GET /v1/me", undefined, anna),
  ]);
  assert.deepEqual(tally(answers), { temporarily_unavailable: answers.length });
  assert.ok(
    answers.every(({ headers }) => headers["retry-after"] === "1"),
    "worth a retry",
  );
}

async function isBack(auth: TestAuth, anna: SignedIn): Promise<void> {
  const deadline = performance.now() + BACK_MS;
  while ((await ask(auth, "GET /v1/me", undefined, anna)).status !== 200)
    assert.ok(performance.now() < deadline, "it did not come back");
  const { status } = await ask(auth, "POST /v1/sessions", { email: anna.email, password: GOOD_PASSWORD });
  assert.equal(status, 201);
  await untilReadiness(auth, 200);
}

test("while PostgreSQL is frozen keys are served and doors say 503; when it goes on so does everything", async (t) => {
  if (process.platform !== "linux") return t.skip("the server's processes are found in /proc");
  const { auth, server } = await startOnOwnServer(t);
  const anna = await auth.signUp();
  assert.equal((await ask(auth, "GET /readyz")).status, 200);
  const postmaster = server().pid;
  const backends = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, "utf8");
  const all = [postmaster, ...backends.trim().split(" ").map(Number)];
  for (const pid of all) process.kill(pid, "SIGSTOP");
  try {
    await servesWhatItCan(auth, anna);
  } finally {
    for (const pid of all) process.kill(pid, "SIGCONT");
  }
  await isBack(auth, anna);
});

test("a PostgreSQL that is killed takes nothing along that was answered, and is found again by itself", async (t) => {
  const { auth, server, restart } = await startOnOwnServer(t);
  const anna = await auth.signUp();
  const opened = await Promise.all(Array.from({ length: 8 }, () => auth.signIn(anna.email)));
  process.kill(server().pid, "SIGKILL");
  await server().ended;
  await servesWhatItCan(auth, anna);
  await restart();
  await isBack(auth, anna);
  const kept = await sql<{ id: string }>(
    auth,
    "select id from auth.sessions where account_id = $1",
    anna.accountId,
  );
  const ids = new Set(kept.map(({ id }) => id));
  for (const { sessionId } of [anna, ...opened])
    assert.ok(ids.has(sessionId), "a session that was answered is there");
});
