-- Where captcha challenges live while Redis is away.
--
-- Unlogged: nothing here outlives five minutes, a crash may forget it all (the viewer is shown a
-- new sum), and a pass must not come back to life on a standby. Rows change in place: fillfactor
-- leaves room, and no index covers what changes.

create unlogged table auth.captcha_networks (
  network           text primary key constraint network_is_a_hash check (length(network) = 16),
  score             double precision not null constraint score_not_negative check (score >= 0),
  scored_at         timestamptz not null,
  paused_until      timestamptz not null,
  -- How long the last answers took, newest last.
  took_ms           integer[] not null default '{}',
  -- How the last request for a challenge was decided: written and read back under one row lock.
  verdict           text not null constraint verdict_is_known check (verdict in ('issued', 'paused', 'refused')),
  retry_after_ms    integer not null default 0
) with (fillfactor = 70);

create unlogged table auth.captcha_challenges (
  stem              text not null constraint stem_is_128_bits check (length(stem) = 22),
  network           text not null,
  state             text not null constraint state_is_known check (state in ('open', 'solved', 'redeemed', 'spent')),
  -- How the last answer was judged: written and read back under one row lock.
  outcome           text not null default 'none',
  nonce             text not null,
  binding           text not null,
  language          text not null,
  answers           text not null constraint nine_hashes check (length(answers) = 198),
  round             smallint not null default 0,
  level             smallint not null constraint level_in_range check (level between 1 and 3),
  tries_left        smallint not null constraint tries_left_not_negative check (tries_left >= 0),
  shown_at          timestamptz not null,
  expires_at        timestamptz not null,
  last_took_ms      integer not null default 0,
  retry_key         text not null default '',
  solved_answer     text,
  pass_expires_at   timestamptz,
  constraint captcha_challenges_key primary key (network, stem),
  constraint solved_has_a_pass check (state not in ('solved', 'redeemed') or (solved_answer is not null and pass_expires_at is not null))
) with (fillfactor = 50);

create index captcha_challenges_to_purge on auth.captcha_challenges (expires_at);
create index captcha_networks_to_purge on auth.captcha_networks (scored_at);
