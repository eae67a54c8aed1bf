-- Social accounts: (provider, subject) linked to an account. Who owns a pair is decided in auth.identifiers, the
-- only place of uniqueness; here is what belongs to it, next to the other rows of its account.
create table auth.social_accounts (
  account_id     uuid not null,
  id             uuid not null,
  provider       text not null,
  subject        text not null constraint subject_is_printable check (subject ~ '^[!-~]{1,255}$'),
  -- How the person is called there, to tell two accounts of one provider apart.
  display_name   text,
  avatar_url     text,
  created_at     timestamptz not null,
  last_used_at   timestamptz not null,
  -- Set when the account was recovered by its mailbox: no way in until its owner links it anew.
  paused_at      timestamptz,
  -- Only of providers where unlinking takes our permission back with them.
  sealed_tokens  bytea,
  primary key (account_id, id)
) partition by hash (account_id);

do $$
begin
  for part in 0..7 loop
    execute format('create table auth.social_accounts_%s partition of auth.social_accounts for values with (modulus 8, remainder %s)', part, part);
  end loop;
end $$;

-- What must come back exactly once: the state of a sign-in under way, the code handed to the client's page. Only
-- hashes; the payload is sealed. In PostgreSQL, so that a flow outlives a restart and may end on another replica.
create table auth.social_flows (
  secret_hash  bytea primary key constraint flow_hash_is_sha256 check (octet_length(secret_hash) = 32),
  kind         text not null constraint flow_kind_is_known check (kind in ('state', 'code')),
  expires_at   timestamptz not null,
  sealed       bytea not null
);

create index social_flows_by_expiry on auth.social_flows (expires_at);

-- Tokens of links that are gone, waiting to be taken back at the provider. Written with the unlinking, done after it.
create table auth.social_revocations (
  id          uuid primary key,
  provider    text not null,
  not_before  timestamptz not null,
  attempts    smallint not null default 0,
  sealed      bytea not null
);

create index social_revocations_by_turn on auth.social_revocations (not_before);

-- What Facebook's "delete my data" came to, under the code that the person was given. Nothing personal.
create table auth.social_deletions (
  code_hash     bytea primary key constraint deletion_hash_is_sha256 check (octet_length(code_hash) = 32),
  requested_at  timestamptz not null,
  outcome       text not null constraint deletion_outcome_is_known
                check (outcome in ('nothing_held', 'link_deleted', 'account_deleted', 'kept_for_operator'))
);
