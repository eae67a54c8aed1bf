import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { startTestAuth, type TestAuth } from "../testing/start-auth.ts";
import { MailRefused } from "./mailer.ts";

const ask202 = async (auth: TestAuth, email: string) => {
  const answer = await ask(auth, "POST /v1/accounts", { email, password: "four green boots" });
  assert.equal(answer.status, 202);
};

async function withMailer(t: Parameters<typeof startTestAuth>[0]) {
  const auth = await startTestAuth(t);
  const { mailer } = auth;
  const { mailWorker, mail, db } = auth.auth.capabilities;
  return { auth, mailer, mailWorker, waiting: () => mail.waiting(db) };
}

test("neither an address nor a code stands in the database in clear", async (t) => {
  const { auth, mailer, mailWorker } = await withMailer(t);
  await ask202(auth, "canary-address@example.com");
  const dump = JSON.stringify([
    await sql(auth, "select id, encode(sealed, 'escape') as sealed from auth.mail_queue"),
    await sql(
      auth,
      "select encode(payload, 'escape') as payload, encode(code_hash, 'escape') as hash from auth.codes",
    ),
  ]);
  await mailWorker.deliverDue();
  const code = mailer.newestFirst()[0]?.code ?? "";
  assert.match(code, /^\d{8}$/);
  assert.doesNotMatch(dump, new RegExp(`canary-address|argon2id|${code}`));
});

test("a mail server that is away delays the mail, with growing waits, and then it leaves once", async (t) => {
  const { auth, mailer, mailWorker, waiting } = await withMailer(t);
  await ask202(auth, "anna@example.com");
  mailer.failure = new Error("connection refused");
  await mailWorker.deliverDue();
  assert.equal(await waiting(), 1);
  await mailWorker.deliverDue();
  const [row] = await sql<{ attempts: number; not_before: Date }>(
    auth,
    "select attempts, not_before from auth.mail_queue",
  );
  assert.equal(row?.attempts, 1, "not before its time");
  const waitMs = (row?.not_before.getTime() ?? 0) - auth.clock.now().getTime();
  assert.ok(waitMs >= 2_000 && waitMs <= 4_000, `${waitMs} ms`);
  mailer.failure = undefined;
  auth.clock.advance({ seconds: 4 });
  await mailWorker.deliverDue();
  assert.equal(mailer.newestFirst("anna@example.com").length, 1);
  assert.equal(await waiting(), 0);
});

test("a mail is given up after eight tries, and at once where the mailbox refused it for good", async (t) => {
  const { auth, mailer, mailWorker, waiting } = await withMailer(t);
  const anna = await auth.signUp();
  const { mail, db } = auth.auth.capabilities;
  const notice = { letter: "email_changed", to: anna.email as never, language: "en", values: {} } as const;
  await db.transaction((tx) => mail.enqueue(tx, notice));
  mailer.failure = new Error("421 try later");
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    assert.equal(await waiting(), 1, `before try ${attempt}`);
    await mailWorker.deliverDue();
    auth.clock.advance({ minutes: 6 });
  }
  assert.equal(await waiting(), 0);
  await db.transaction((tx) => mail.enqueue(tx, notice));
  mailer.failure = new MailRefused("550 no such user");
  await mailWorker.deliverDue();
  assert.equal(await waiting(), 0);
});

test("a code that ran out is not mailed any more", async (t) => {
  const { auth, mailer, mailWorker, waiting } = await withMailer(t);
  await ask202(auth, "late@example.com");
  auth.clock.advance({ minutes: 10 });
  await mailWorker.deliverDue();
  assert.deepEqual(mailer.newestFirst(), []);
  assert.equal(await waiting(), 0);
});

test("two workers never send the same mail, and a mail whose worker died is sent by another", async (t) => {
  const { auth, mailer, mailWorker } = await withMailer(t);
  for (let nth = 0; nth < 30; nth += 1) await ask202(auth, `viewer${nth}@example.com`);
  await Promise.all([mailWorker.deliverDue(), mailWorker.deliverDue(), mailWorker.deliverDue()]);
  const sent = mailer.newestFirst().map((mail) => mail.to);
  assert.equal(sent.length, 30);
  assert.equal(new Set(sent).size, 30);

  await ask202(auth, "orphan@example.com");
  // What a worker that died leaves behind: a lease.
  const until = new Date(auth.clock.now().getTime() + 60_000);
  await sql(auth, "update auth.mail_queue set attempts = 1, not_before = $1", until);
  await mailWorker.deliverDue();
  assert.equal(mailer.newestFirst("orphan@example.com").length, 0);
  auth.clock.advance({ minutes: 1 });
  await mailWorker.deliverDue();
  assert.equal(mailer.newestFirst("orphan@example.com").length, 1);
});

test("a rolled-back change leaves no mail", async (t) => {
  const { auth, waiting } = await withMailer(t);
  const { mail, db } = auth.auth.capabilities;
  const enqueueAndFail = db.transaction(async (tx) => {
    await mail.enqueue(tx, {
      letter: "email_changed",
      to: "a@example.com" as never,
      language: "en",
      values: {},
    });
    throw new Error("changed my mind");
  });
  await assert.rejects(enqueueAndFail, { message: "changed my mind" });
  assert.equal(await waiting(), 0);
});

test("a mail of this process leaves at once, without waiting for the next look", async (t) => {
  const { auth, mailer, mailWorker } = await withMailer(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = mailer.send.bind(mailer);
  mailer.send = async (mail) => {
    await send(mail);
    resolve();
  };
  mailWorker.start();
  await ask202(auth, "quick@example.com");
  await promise;
  await mailWorker.stop();
  assert.equal(mailer.newestFirst("quick@example.com").length, 1);
});
