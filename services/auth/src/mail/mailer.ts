/** One mail, ready to leave. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Stays the same when a mail is sent again, so that mailboxes can tell a repetition. */
  readonly messageId: string;
}

/** The mailbox refused for good (an address that does not exist): trying again would be a nuisance. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
}

/** Hands a mail over to the outside world. Rejects where that failed; the queue tries again. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
  close(): void;
}
