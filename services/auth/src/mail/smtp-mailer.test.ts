import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Mail } from "./mailer.ts";
import { SmtpMailer } from "./smtp-mailer.ts";

const MAIL: Mail = {
  to: "anna@example.com",
  subject: "Подтвердите адрес почты",
  text: "Ваш код:\n\n    40728163\n",
  html: "<p>Ваш код: <strong>40728163</strong></p>",
  messageId: "<0193a5c2@kinopass.example>",
};

interface Received {
  readonly recipients: readonly string[];
  readonly mail: ParsedMail;
}

async function startServer(t: TestContext, options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    closeTimeout: 100,
    onData: (stream, session, done) => {
      simpleParser(stream).then((mail) => {
        received.push({ recipients: session.envelope.rcptTo.map(({ address }) => address), mail });
        done();
      }, done);
    },
    ...options,
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => new Promise<void>((closed) => server.close(() => closed())));
  const { port } = server.server.address() as { port: number };
  return { port, received };
}

function startMailer(t: TestContext, port: number): SmtpMailer {
  const mailer = new SmtpMailer({
    deadlines: { greetingMs: 300 },
    url: `smtp://127.0.0.1:${port}`,
    from: "Kinopass <no-reply@kinopass.example>",
  });
  t.after(() => mailer.close());
  return mailer;
}

test("a mail arrives whole: one recipient, subject and both bodies in Russian, its own Message-ID", async (t) => {
  const { port, received } = await startServer(t);
  await startMailer(t, port).send(MAIL);
  const [{ recipients, mail } = { recipients: [], mail: undefined }] = received;
  assert.deepEqual(recipients, ["anna@example.com"]);
  assert.equal(mail?.subject, MAIL.subject);
  assert.equal(mail?.text?.trim(), MAIL.text.trim());
  assert.match(String(mail?.html), /40728163/);
  assert.equal(mail?.messageId, MAIL.messageId);
  assert.equal(mail?.from?.text, '"Kinopass" <no-reply@kinopass.example>');
});

test("a subject with line breaks becomes no header", async (t) => {
  const { port, received } = await startServer(t);
  await startMailer(t, port).send({ ...MAIL, subject: "Hi\r\nBcc: evil@example.com\r\n\r\nbody" });
  const [{ recipients, mail } = { recipients: [], mail: undefined }] = received;
  assert.deepEqual(recipients, ["anna@example.com"]);
  assert.equal(mail?.bcc, undefined);
  assert.equal(mail?.text?.trim(), MAIL.text.trim());
});

test("an address with a comma or a line break reaches nobody else", async (t) => {
  const { port, received } = await startServer(t);
  const mailer = startMailer(t, port);
  for (const to of ["anna@example.com,evil@example.com", "anna@example.com\r\nRCPT TO:<evil@example.com>"])
    await mailer.send({ ...MAIL, to }).catch(() => {});
  for (const { recipients } of received)
    assert.ok(!recipients.includes("evil@example.com"), recipients.join());
});

test("a mailbox that does not exist is refused for good; a server that is busy is not", async (t) => {
  const answering = (responseCode: number) => ({
    onRcptTo: (_address: unknown, _session: unknown, done: (error?: Error) => void) =>
      done(Object.assign(new Error("no"), { responseCode })),
  });
  const gone = await startServer(t, answering(550));
  await assert.rejects(startMailer(t, gone.port).send(MAIL), { name: "MailRefused" });
  const busy = await startServer(t, answering(451));
  const failure = await startMailer(t, busy.port)
    .send(MAIL)
    .then(
      () => undefined,
      (error: Error) => error,
    );
  assert.ok(failure);
  assert.notEqual(failure.name, "MailRefused");
});

test("a server that is away, or accepts and says nothing, fails within the deadline", async (t) => {
  const silent: Server = createServer(() => {});
  await new Promise<void>((ready) => silent.listen(0, "127.0.0.1", ready));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  const began = performance.now();
  await assert.rejects(startMailer(t, port).send(MAIL));
  assert.ok(performance.now() - began < 3_000);
  await assert.rejects(startMailer(t, 1).send(MAIL));
});
