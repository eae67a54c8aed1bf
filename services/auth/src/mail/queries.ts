import { statement } from "@kinopass/postgres";

export const enqueue = statement<never>(
  "mail.enqueue",
  "insert into auth.mail_queue (id, created_at, not_before, sealed) values ($1, $2, $2, $3)",
);

export interface ClaimedRow {
  readonly id: string;
  readonly created_at: Date;
  /** This try included. */
  readonly attempts: number;
  readonly sealed: Buffer;
}

/**
 * Takes jobs for as long as the lease lasts ($2); replicas skip what another one holds. Nothing stays
 * locked while SMTP is spoken, and a worker that dies gives its jobs back by doing nothing.
 */
export const claim = statement<ClaimedRow>(
  "mail.claim",
  `update auth.mail_queue set attempts = attempts + 1, not_before = $2
    where id in (select id from auth.mail_queue where not_before <= $1
                  order by not_before limit $3 for update skip locked)
   returning id, created_at, attempts, sealed`,
);

export const remove = statement<never>("mail.remove", "delete from auth.mail_queue where id = $1");

export const postpone = statement<never>(
  "mail.postpone",
  "update auth.mail_queue set not_before = $2 where id = $1",
);

export const countWaiting = statement<{ readonly waiting: number }>(
  "mail.count_waiting",
  "select count(*)::int as waiting from auth.mail_queue",
);
