import { statement } from "@kinopass/postgres";
import type { TaskLanguage } from "./number-words.ts";

export interface TaskRow {
  readonly nonce: string;
  readonly language: TaskLanguage;
  readonly round: number;
  readonly level: number;
  readonly tries_left: number;
  readonly expires_at: Date;
}

export interface IssueRow extends TaskRow {
  readonly kind: "issued" | "paused" | "refused" | "over";
  readonly retry_after_ms: number;
}

export interface AnswerRow extends TaskRow {
  readonly outcome:
    | "solved"
    | "solved_again"
    | "wrong"
    | "too_fast"
    | "wrong_again"
    | "once_more"
    | "once_more_again"
    | "last_wrong"
    | "last_too_fast"
    | "spent"
    | "expired";
  readonly pass_expires_at: Date;
}

/**
 * Admits a request for a challenge, or says how long to wait. The network's row is locked by the
 * upsert, so simultaneous requests are decided one after the other; a repeated request finds its
 * challenge (before, or by the conflict) and adds nothing.
 *
 * $1 network, $2 stem, $3 now, $4 policy, $5 nonce, $6 binding, $7 language, $8 answers, $9 known device, $10 first round
 */
export const issueChallenge = statement<IssueRow>(
  "captcha.issue",
  `
with policy as (
  select ($4::jsonb #>> '{points,issued}')::float8 as issued,
         ($4::jsonb #>> '{points,most}')::float8 as most,
         ($4::jsonb #>> '{points,drainPerMs}')::float8 as drain,
         ($4::jsonb #>> '{steps,level2}')::float8 as level2,
         ($4::jsonb #>> '{steps,level3}')::float8 as level3,
         ($4::jsonb #>> '{steps,pause}')::float8 as pause,
         ($4::jsonb #>> '{steps,refuse}')::float8 as refuse,
         ($4::jsonb ->> 'shortestPauseMs')::float8 as shortest,
         ($4::jsonb ->> 'longestPauseMs')::float8 as longest,
         ($4::jsonb ->> 'tries')::smallint as tries,
         ($4::jsonb ->> 'challengeMs')::float8 as challenge_ms
), known as (
  select * from auth.captcha_challenges where network = $1 and stem = $2
), admitted as (
  insert into auth.captcha_networks as n (network, score, scored_at, paused_until, verdict)
  select $1, policy.issued, $3::timestamptz, $3::timestamptz, 'issued'
    from policy
   where not exists (select from known)
  on conflict (network) do update
    set (score, scored_at, paused_until, verdict, retry_after_ms) = (
      select case when verdict = 'issued' then least(policy.most, now_score + policy.issued) else now_score end,
             $3::timestamptz,
             case when verdict = 'issued' and now_score >= policy.pause
                  then $3::timestamptz + interval '1 ms' * floor(policy.shortest + least(1, (now_score - policy.pause) / (policy.refuse - policy.pause)) * (policy.longest - policy.shortest))
                  else n.paused_until end,
             verdict,
             case verdict when 'refused' then ceil((now_score - policy.refuse) / policy.drain) + 1
                          when 'paused' then ceil(extract(epoch from n.paused_until - $3::timestamptz) * 1000)
                          else 0 end
        from policy,
     lateral (select greatest(0, n.score - policy.drain * greatest(0, extract(epoch from $3::timestamptz - n.scored_at) * 1000)) as now_score) as drained,
     lateral (select case when now_score >= policy.refuse and not $9::boolean then 'refused'
                          when n.paused_until > $3::timestamptz then 'paused'
                          else 'issued' end as verdict) as decided
    )
  returning verdict, retry_after_ms, score
), written as (
  insert into auth.captcha_challenges as c (network, stem, state, nonce, binding, language, answers, round, level, tries_left, shown_at, expires_at)
  select $1, $2, 'open', $5, $6, $7, $8, $10::smallint,
         case when score - issued >= level3 then 3 when score - issued >= level2 then 2 else 1 end,
         tries, $3::timestamptz, $3::timestamptz + interval '1 ms' * challenge_ms
    from admitted, policy
   where verdict = 'issued'
  on conflict (network, stem) do update set stem = excluded.stem
  returning *
), found as (
  select * from written union all select * from known
)
select case when admitted.verdict <> 'issued' then admitted.verdict
            when found.state = 'open' and found.expires_at > $3::timestamptz then 'issued'
            else 'over' end as kind,
       admitted.retry_after_ms, found.nonce, found.language, found.round, found.level, found.tries_left, found.expires_at
  from (select) as always
  left join admitted on true
  left join found on true`,
);

/**
 * Judges one answer. The verdict is worked out inside the update from the row as it is once locked,
 * so of many simultaneous answers each is judged against what the one before it left.
 *
 * The answer of round 0 solves when it is right; after a wrong one two right ones in a row do, and in a challenge that
 * was issued without round 0 from the start. Of an open challenge `solved_answer` is the right one that waits for
 * another. The next task never has the same answer, so who sends it again repeats itself.
 *
 * $1 network, $2 stem, $3 binding, $4 answer, $5 retry key, $6 now, $7 policy, $8 length of a hash
 */
export const judgeAnswer = statement<AnswerRow>(
  "captcha.answer",
  `
with answered as (
  update auth.captcha_challenges as c
     set (outcome, state, round, level, tries_left, shown_at, last_took_ms, retry_key, solved_answer, pass_expires_at) = (
       select outcome,
              case outcome when 'solved' then 'solved' when 'last_wrong' then 'spent' when 'last_too_fast' then 'spent' else c.state end,
              c.round + moved,
              case when outcome = 'too_fast' then least(3, c.level + 1) else c.level end,
              c.tries_left - case when outcome in ('wrong', 'too_fast', 'last_wrong', 'last_too_fast') then 1 else 0 end,
              case when moved = 1 then $6::timestamptz else c.shown_at end,
              case when outcome in ('solved', 'once_more', 'wrong', 'too_fast', 'last_wrong', 'last_too_fast') then took else c.last_took_ms end,
              case when outcome in ('solved', 'once_more', 'wrong', 'too_fast') then $5 else c.retry_key end,
              case when outcome in ('solved', 'once_more') then $4
                   when outcome in ('wrong', 'too_fast', 'last_wrong', 'last_too_fast') then null
                   else c.solved_answer end,
              case outcome when 'solved' then $6::timestamptz + interval '1 ms' * ($7::jsonb ->> 'passMs')::float8 else c.pass_expires_at end
         from (select least(2147483647, floor(extract(epoch from $6::timestamptz - c.shown_at) * 1000))::integer as took,
                      c.retry_key = $5 and $5 <> '' or coalesce(c.solved_answer = $4, false) as repeated,
                      substr(c.answers, (c.round * 3 + c.level - 1) * $8::integer + 1, $8::integer) = $4 as right_answer) as seen,
      lateral (select took < ($7::jsonb -> 'leastHumanMs' ->> (c.level - 1))::float8 as too_fast) as pace,
      lateral (select case
                 when c.state = 'solved' and repeated and c.pass_expires_at > $6::timestamptz then 'solved_again'
                 when c.state <> 'open' then 'spent'
                 when c.expires_at <= $6::timestamptz then 'expired'
                 when repeated then case when c.solved_answer is null then 'wrong_again' else 'once_more_again' end
                 when right_answer and not too_fast then case when c.round = 0 or c.solved_answer is not null then 'solved' else 'once_more' end
                 else case when c.tries_left = 1 then 'last_' else '' end || case when too_fast then 'too_fast' else 'wrong' end
               end as outcome) as judged,
      lateral (select case when outcome in ('once_more', 'wrong', 'too_fast') then 1 else 0 end as moved) as step
     )
   where c.network = $1 and c.stem = $2 and c.binding = $3
  returning *
), noted as (
  update auth.captcha_networks as n
     set (took_ms, score, scored_at) = (
       select taken,
              greatest(0, least(($7::jsonb #>> '{points,most}')::float8,
                greatest(0, n.score - ($7::jsonb #>> '{points,drainPerMs}')::float8 * greatest(0, extract(epoch from $6::timestamptz - n.scored_at) * 1000))
                + case when answered.outcome = 'solved' then ($7::jsonb #>> '{points,solved}')::float8
                       when answered.outcome = 'once_more' then ($7::jsonb #>> '{points,onceMore}')::float8
                       when answered.outcome in ('too_fast', 'last_too_fast') then ($7::jsonb #>> '{points,tooFast}')::float8
                       else ($7::jsonb #>> '{points,wrong}')::float8 end
                + case when regular then ($7::jsonb #>> '{points,tooRegular}')::float8 else 0 end)),
              $6::timestamptz
         from (select ($7::jsonb ->> 'regularAnswers')::integer as many) as rule,
      lateral (select (n.took_ms || greatest(0, answered.last_took_ms))
                        [greatest(1, cardinality(n.took_ms) + 2 - many) : cardinality(n.took_ms) + 1] as taken) as list,
      lateral (select cardinality(taken) = many and max(each) - min(each) <= ($7::jsonb ->> 'regularSpreadMs')::float8 as regular
                 from unnest(taken) as each) as rhythm
     )
    from answered
   where n.network = answered.network
     and answered.outcome in ('solved', 'once_more', 'wrong', 'too_fast', 'last_wrong', 'last_too_fast')
)
select outcome, nonce, language, round, level, tries_left, expires_at, pass_expires_at from answered`,
);

/** Uses up a pass: one row for the one caller that may go on. $1 network, $2 stem, $3 binding, $4 now */
export const redeemPass = statement<{ readonly stem: string }>(
  "captcha.redeem",
  `
update auth.captcha_challenges
   set state = 'redeemed'
 where network = $1 and stem = $2 and binding = $3 and state = 'solved' and pass_expires_at > $4::timestamptz
returning stem`,
);

/** Deletes at most $2 challenges and networks that no rule needs at $1: a small batch stays below any statement timeout. */
export const purgeChallenges = statement<{ readonly deleted: number }>(
  "captcha.purge",
  `
with old_challenges as (
  delete from auth.captcha_challenges
   where ctid = any (array (select ctid from auth.captcha_challenges where expires_at < $1::timestamptz - interval '10 minutes' order by expires_at limit $2 for update skip locked))
  returning 1
), old_networks as (
  delete from auth.captcha_networks
   where ctid = any (array (select ctid from auth.captcha_networks where scored_at < $1::timestamptz - interval '1 hour' order by scored_at limit $2 for update skip locked))
  returning 1
)
select ((select count(*) from old_challenges) + (select count(*) from old_networks))::integer as deleted`,
);
