import type { Mail, Mailer } from "../mail/mailer.ts";

export interface KeptMail extends Mail {
  /** The eight digits that stand alone on a line, where there are any. */
  readonly code: string | undefined;
}

/** Keeps mails instead of sending them; can be told to fail like a mail server that is away. */
export class KeptMails implements Mailer {
  readonly #kept: KeptMail[] = [];
  /** Thrown instead of keeping, while it is set. */
  failure: Error | undefined;

  async send(mail: Mail): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.#kept.unshift({ ...mail, code: /^\s*(\d{8})\s*$/m.exec(mail.text)?.[1] });
  }

  close(): void {}

  newestFirst(to?: string): readonly KeptMail[] {
    return to === undefined
      ? [...this.#kept]
      : this.#kept.filter((mail) => mail.to === to.trim().toLowerCase());
  }
}
