import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The code in the letter, where there is one: what a person would type. */
  readonly code: string | null;
  readonly at: string;
}

const KEPT = 500;
const MOST_BYTES = 256 * 1024;

/** Takes the stand's mail by real SMTP and keeps the newest letters in memory. Nothing leaves the machine. */
export class Mailbox {
  readonly #letters: Letter[] = [];
  readonly #smtp: SMTPServer;

  constructor() {
    this.#smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["AUTH", "STARTTLS"],
      size: MOST_BYTES,
      banner: "Kinopass stand",
      logger: false,
      onData: (stream, session, done) => {
        simpleParser(stream).then((mail) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          for (const to of recipients) this.#keep(to, mail);
          done();
        }, done);
      },
    });
    this.#smtp.on("error", () => {});
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((ready, fail) => {
      this.#smtp.on("error", fail);
      this.#smtp.listen(port, "127.0.0.1", ready);
    });
  }

  /** Newest first; all of them, or those to one address. */
  letters(to?: string): readonly Letter[] {
    const wanted = to?.trim().toLowerCase();
    return wanted === undefined
      ? this.#letters
      : this.#letters.filter((letter) => letter.to.toLowerCase() === wanted);
  }

  async close(): Promise<void> {
    await new Promise<void>((closed) => this.#smtp.close(() => closed()));
  }

  #keep(to: string, mail: ParsedMail): void {
    const text = mail.text ?? "";
    const code = /^\s*(\d{4} ?\d{4})\s*$/m.exec(text)?.[1]?.replace(" ", "") ?? null;
    this.#letters.unshift({ to, subject: mail.subject ?? "", text, code, at: new Date().toISOString() });
    this.#letters.length = Math.min(this.#letters.length, KEPT);
  }
}
