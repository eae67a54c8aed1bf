-- One signed-in device. The refresh token carries account, session and counter, so nothing here is indexed
-- but the key, and a rotation stays on its page (HOT).
create table auth.sessions (
  account_id        uuid not null,
  id                uuid not null,
  created_at        timestamptz not null,
  -- When the person last proved who they are; sensitive acts ask for a recent proof.
  authenticated_at  timestamptz not null,
  last_used_at      timestamptz not null,
  expires_at        timestamptz not null,
  ended_at          timestamptz,
  counter           integer not null default 0 constraint counter_counts_up check (counter >= 0),
  region            smallint not null,
  -- A television in the children's room may be given less than its owner may watch.
  age_ceiling       smallint constraint age_ceiling_is_known check (age_ceiling in (0, 6, 12, 16, 18)),
  door              text not null,
  device_kind       text not null constraint device_kind_is_known check (device_kind in ('phone', 'tablet', 'computer', 'tv', 'other')),
  device_name       text,
  address           inet,
  user_agent        text,
  ended_because     text,
  constraint ended_for_a_reason check ((ended_at is null) = (ended_because is null)),
  primary key (account_id, id)
) partition by hash (account_id);

do $$
begin
  for part in 0..7 loop
    execute format('create table auth.sessions_%s partition of auth.sessions for values with (modulus 8, remainder %s) with (fillfactor = 85)', part, part);
  end loop;
end $$;

-- Every try to sign in. RANGE by month, so that a month leaves in a blink; the device is a column, not a
-- partition: pages of a person's history would be almost three times slower.
create table auth.sign_ins (
  account_id   uuid not null,
  occurred_at  timestamptz not null,
  id           uuid not null,
  session_id   uuid,
  region       smallint not null,
  outcome      text not null,
  door         text not null,
  device_kind  text not null,
  device_name  text,
  address      inet,
  user_agent   text,
  request_id   text,
  primary key (account_id, occurred_at, id)
) partition by range (occurred_at);

-- Makes the months from p_from to p_ahead months later, each aside and then attached. No default
-- partition: one would block DETACH CONCURRENTLY and make every ATTACH scan it.
create procedure auth.ensure_months(p_from date, p_ahead integer)
language plpgsql as $$
declare
  first_day date;
  leaf text;
begin
  -- Replicas that start together take turns instead of colliding on the name.
  perform pg_advisory_xact_lock(hashtext('auth.ensure_months'));
  for ahead in 0..p_ahead loop
    first_day := (date_trunc('month', p_from::timestamp) + make_interval(months => ahead))::date;
    leaf := 'sign_ins_' || to_char(first_day, 'YYYYMM');
    continue when to_regclass('auth.' || leaf) is not null;
    execute format('create table auth.%I (like auth.sign_ins including all)', leaf);
    execute format('alter table auth.sign_ins attach partition auth.%I for values from (%L) to (%L)',
                   leaf, first_day::text || ' 00:00+00', (first_day + interval '1 month')::date::text || ' 00:00+00');
  end loop;
end $$;

-- The audit trail. HASH, not months: an entry shares the transaction of the change it tells about, and a
-- month that somebody forgot to make must never stop a password change. The purge deletes by age in batches.
-- Acts on nobody's account (roles, keys) are filed under the nil account.
create table auth.audit_entries (
  account_id   uuid not null,
  id           uuid not null,
  occurred_at  timestamptz not null,
  action       text not null,
  actor_kind   text not null constraint actor_kind_is_known check (actor_kind in ('account', 'service', 'console', 'system')),
  actor_id     text,
  session_id   uuid,
  address      inet,
  request_id   text,
  details      jsonb not null default '{}',
  primary key (account_id, id)
) partition by hash (account_id);

do $$
begin
  for part in 0..7 loop
    execute format('create table auth.audit_entries_%s partition of auth.audit_entries for values with (modulus 8, remainder %s)', part, part);
  end loop;
end $$;

-- "Session S is dead", or "what account A was issued before T is dead". Kept for one access-token lifetime
-- and a little. Ids are given before commit, so a reader looks back a few seconds for late ones.
create table auth.revocations (
  id           bigint generated always as identity primary key,
  recorded_at  timestamptz not null,
  event        text not null constraint revocation_event_is_known
               check (event in ('session-revoked', 'credential-change', 'token-claims-change', 'account-disabled', 'account-purged')),
  account_id   uuid not null,
  session_id   uuid,
  issued_before timestamptz,
  because      text not null,
  constraint revocation_says_what_dies check (session_id is not null or issued_before is not null)
);

-- Receivers that poll (RFC 8936) and how far each has acknowledged.
create table auth.revocation_receivers (
  service_id  text primary key,
  acked       bigint not null,
  seen_at     timestamptz not null
);
