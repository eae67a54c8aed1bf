import nodemailer from "nodemailer";
import { type Mail, type Mailer, MailRefused } from "./mailer.ts";

/** All in milliseconds. */
interface Deadlines {
  readonly dnsMs: number;
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Nothing is heard in the middle of a mail. */
  readonly silenceMs: number;
  readonly wholeMs: number;
}

/** No default of the library is left: each step of SMTP has its own deadline, the whole has one too. */
const DEADLINES: Deadlines = {
  dnsMs: 3_000,
  connectMs: 5_000,
  greetingMs: 5_000,
  silenceMs: 10_000,
  wholeMs: 20_000,
};

/** SMTP with a few kept connections. Sends plain text with an HTML twin; never reads files or URLs. */
export class SmtpMailer implements Mailer {
  readonly #transport: ReturnType<typeof makeTransport>;
  readonly #from: string;
  readonly #wholeMs: number;

  constructor({ url, from, deadlines = {} }: { url: string; from: string; deadlines?: Partial<Deadlines> }) {
    const all = { ...DEADLINES, ...deadlines };
    this.#transport = makeTransport(url, all);
    this.#from = from;
    this.#wholeMs = all.wholeMs;
  }

  async send({ to, subject, text, html, messageId }: Mail): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`SMTP did not finish within ${this.#wholeMs} ms`)),
      this.#wholeMs,
    );
    const sending = this.#transport.sendMail({
      from: this.#from,
      // As an object it is one recipient, whatever it contains: only a text is parsed as a list.
      to: { name: "", address: to },
      subject,
      text,
      html,
      messageId,
      headers: { "Auto-Submitted": "auto-generated" },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await Promise.race([sending, late]);
    } catch (error) {
      sending.catch(() => {});
      throw isRefusedForGood(error)
        ? new MailRefused("The mailbox refused the mail", { cause: error })
        : error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#transport.close();
  }
}

function makeTransport(url: string, deadlines: Deadlines) {
  return nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 3,
    maxMessages: 100,
    dnsTimeout: deadlines.dnsMs,
    connectionTimeout: deadlines.connectMs,
    greetingTimeout: deadlines.greetingMs,
    socketTimeout: deadlines.silenceMs,
  });
}

/** RFC 5321 §4.2.1: 5yz is for good. Only about the recipient: a refused login is our own mistake and heals. */
function isRefusedForGood(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return code === "EENVELOPE" && typeof responseCode === "number" && responseCode >= 500;
}
