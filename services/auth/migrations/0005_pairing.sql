-- A TV that waits to be signed in with a short code (RFC 8628). In PostgreSQL alone, so that pairing works while
-- Redis is away and survives a restart. Rows live for ten minutes and are deleted an hour later.
create table auth.pairings (
  -- SHA-256 of 256 random bits: the TV's secret.
  device_code_hash     bytea primary key constraint device_code_hash_is_sha256 check (octet_length(device_code_hash) = 32),
  -- Keyed, because eight letters could be tried one by one by whoever holds a dump.
  user_code_hash       bytea not null constraint user_code_means_one_tv unique,
  state                text not null default 'pending' constraint pairing_state_is_known
                       check (state in ('pending', 'approved', 'denied', 'redeemed')),
  created_at           timestamptz not null,
  expires_at           timestamptz not null,
  last_polled_at       timestamptz,
  poll_interval        smallint not null constraint poll_interval_is_seconds check (poll_interval between 1 and 60),
  device_kind          text not null,
  device_name          text,
  address              inet,
  user_agent           text,
  -- Who decided, from which session, when.
  account_id           uuid,
  approver_session_id  uuid,
  decided_at           timestamptz,
  age_ceiling          smallint constraint pairing_ceiling_is_known check (age_ceiling in (0, 6, 12, 16, 18)),
  redeemed_at          timestamptz,
  -- The answer that the TV was given, for ten seconds, in case it was lost on the way.
  sealed               bytea,
  constraint decided_by_somebody check ((state = 'pending') = (account_id is null)),
  constraint redeemed_at_a_time check ((state = 'redeemed') = (redeemed_at is not null)),
  constraint answer_only_when_redeemed check (sealed is null or state = 'redeemed')
);

create index pairings_by_expiry on auth.pairings (expires_at);
