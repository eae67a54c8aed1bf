import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyBaseLogger } from "fastify";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { startTestAuth, type TestAuth } from "../testing/start-auth.ts";

/** Keeps whatever is handed to the log, before any redaction: what is not given cannot leak. */
function recordingLogger(lines: string[]): FastifyBaseLogger {
  const write = (...args: unknown[]) => {
    lines.push(
      args
        .map((arg) =>
          JSON.stringify(arg, (_name, value: unknown) =>
            value instanceof Error ? `${value.message} ${value.stack} ${JSON.stringify(value)}` : value,
          ),
        )
        .join(" "),
    );
  };
  const logger = { level: "trace", silent: () => {}, child: () => logger } as unknown as FastifyBaseLogger;
  for (const level of ["fatal", "error", "warn", "info", "debug", "trace"] as const) logger[level] = write;
  return logger;
}

async function everyRow(auth: TestAuth): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }>(
    auth,
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'auth' and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const dump: Record<string, string> = {};
  for (const { name } of tables) {
    const rows = await sql<{ row: string }>(auth, `select t::text as row from auth.${name} t`);
    dump[name] = rows.map(({ row }) => row).join("\n");
  }
  return dump;
}

test("passwords, codes and tokens reach neither the log nor the database, and an address only its account", async (t) => {
  const lines: string[] = [];
  const auth = await startTestAuth(t, { surroundings: { logger: recordingLogger(lines) } });
  const email = "canary-anna@example.com";
  const passwords = ["canary of the first day", "canary of the second day", "canary that is wrong"];
  const [first = "", second = "", wrong = ""] = passwords;
  const anna = await auth.signUp({ email, password: first });
  await ask(auth, "POST /v1/sessions", { email, password: wrong });
  await ask(auth, "PUT /v1/me/password", { current_password: first, new_password: second }, anna);
  await ask(auth, "POST /v1/password-resets", { email });
  await ask(auth, "PUT /v1/me/email", { email: "canary-new@example.com" }, anna);
  auth.mailer.failure = new Error("the mail server is away");
  await auth.mails();
  auth.mailer.failure = undefined;
  auth.clock.advance({ minutes: 1 });
  const mails = await auth.mails();
  await auth.auth.capabilities.history.exportOf(anna.accountId as never);

  const codes = mails.map((mail) => mail.code).filter((code) => code !== undefined);
  assert.equal(codes.length, 3);
  const dump = await everyRow(auth);
  const secrets = [...passwords, ...codes, anna.accessToken, anna.refreshToken];
  const whole = `${lines.join("\n")}\n${Object.values(dump).join("\n")}`;
  assert.ok(whole.includes(anna.accountId), "the scan sees what it looks through");
  assert.ok(
    lines.some((line) => line.includes("the mail server is away")),
    "the log was written to",
  );
  for (const secret of secrets) assert.ok(!whole.includes(secret), `found in clear: ${secret.slice(0, 24)}`);
  assert.doesNotMatch(lines.join("\n"), /canary-/);
  const tablesWithAddress = Object.keys(dump).filter((name) => dump[name]?.includes("canary-"));
  assert.deepEqual(tablesWithAddress, ["accounts"]);
});
