/** What is read when somebody collects. For the one process that serves; tests build many services. */
import { observeLimiter } from "@kinopass/http";
import { observePool, type PostgresDatabase } from "@kinopass/postgres";
import { meter } from "@kinopass/tracing";
import type { MailQueue } from "../mail/mail-queue.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { RevocationFeed } from "../revocations/feed.ts";

interface Observed {
  readonly db: PostgresDatabase;
  readonly passwords: Passwords;
  readonly feed: RevocationFeed;
  readonly mail: MailQueue;
  readonly limiter: { readonly mode: string };
}

const COUNT_MAIL_EVERY_MS = 15_000;

/** Shows the gauges of a service. Returns what stops the one that has to ask the database. */
export function observeAuth({ db, passwords, feed, mail, limiter }: Observed): () => void {
  observePool(db, "kinopass-auth");
  observeLimiter(limiter);
  observeLane(passwords);
  observeFeed(feed);
  return observeMail(db, mail);
}

function observeLane({ lane }: Passwords): void {
  const options = { unit: "{hash}", description: "Password hashes at work and waiting" };
  meter().observe("kinopass.auth.hash_lane", options, () => [
    [lane.load.working, { state: "working" }],
    [lane.load.waiting, { state: "waiting" }],
  ]);
}

function observeFeed(feed: RevocationFeed): void {
  const name = "kinopass.auth.revocation_feed";
  meter().observe(`${name}.size`, { description: "Revocations that are told to services" }, () => [
    [feed.size],
  ]);
  meter().observe(`${name}.listeners`, { description: "Services that listen here" }, () => [
    [feed.listeners],
  ]);
  const lag = { unit: "s", description: "Age of what this replica knows; above 3 it tells nothing" };
  meter().observe(`${name}.lag`, lag, () => (feed.ageMs === undefined ? [] : [[feed.ageMs / 1000]]));
}

/** Collecting cannot wait for the database, so the count is at most 15 s old, and missing where it failed. */
function observeMail(db: PostgresDatabase, mail: MailQueue): () => void {
  let waiting: number | undefined;
  const count = () =>
    mail.waiting(db).then(
      (found) => {
        waiting = found;
      },
      () => {
        waiting = undefined;
      },
    );
  const timer = setInterval(() => void count(), COUNT_MAIL_EVERY_MS).unref();
  void count();
  meter().observe("kinopass.auth.mail_queue", { unit: "{mail}", description: "Mails that wait" }, () =>
    waiting === undefined ? [] : [[waiting]],
  );
  return () => clearInterval(timer);
}
