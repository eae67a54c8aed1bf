/** What no request waits for: letters on their way, and the end of what ran out. */
import { accountLetters } from "../accounts/letters.ts";
import { AuditPurge } from "../audit/audit-purge.ts";
import type { PostgresChallenges } from "../captcha/postgres-challenges.ts";
import { MailWorker } from "../mail/mail-worker.ts";
import { SmtpMailer } from "../mail/smtp-mailer.ts";
import { pairingLetters } from "../pairing/letters.ts";
import { passwordLetters } from "../passwords/letters.ts";
import { Purges } from "../purges.ts";
import { socialLetters } from "../social/letters.ts";
import type { Ground } from "./ground.ts";
import type { People } from "./people.ts";
import type { Surroundings } from "./surroundings.ts";

export function buildBackground(
  { config, clock, logger, mailer }: Surroundings,
  given: Ground & People & { readonly challenges: PostgresChallenges },
) {
  const { db, history, sessions, revocations, codes, mail, social, pairings, challenges } = given;
  const { signUp, emailChange, passwordReset } = given;
  const mailWorker = new MailWorker({
    db,
    clock,
    logger,
    queue: mail,
    mailer: mailer ?? new SmtpMailer({ url: config.smtpUrl, from: config.mailFrom }),
    siteUrl: config.siteUrl,
    letters: { ...accountLetters, ...passwordLetters, ...socialLetters, ...pairingLetters },
    checks: {
      sign_up: (job) => signUp.checkMail(job),
      email_change: (job) => emailChange.checkMail(job),
      password_reset: (job) => passwordReset.checkMail(job),
    },
  });
  const auditPurge = new AuditPurge({ db, clock, days: config.auditDays });
  const purges = new Purges({
    logger,
    purges: {
      codes: (limit) => codes.purge(limit),
      sessions: () => sessions.purge(),
      history: async (limit) =>
        await history.eraseStragglers(await revocations.accountsEnded("account_erased", limit)),
      revocations: (limit) => revocations.purge(limit),
      audit: () => auditPurge.purge(),
      social: (limit) => social.purge(limit),
      pairings: (limit) => pairings.purge(limit),
      captcha: (limit) => challenges.purge({ now: clock.now(), limit }),
    },
  });
  return { mailWorker, purges };
}
