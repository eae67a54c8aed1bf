create table auth.roles (
  name         text primary key constraint role_name_is_plain check (name ~ '^[a-z][a-z0-9_-]{1,40}$'),
  permissions  text[] not null,
  description  text not null,
  -- Roles that the code itself relies on: they can be granted, but not changed or deleted.
  built_in     boolean not null default false,
  created_at   timestamptz not null,
  updated_at   timestamptz not null
);

create table auth.role_grants (
  account_id  uuid not null,
  role_name   text not null constraint grant_names_a_role references auth.roles (name),
  granted_at  timestamptz not null,
  granted_by  text not null,
  primary key (account_id, role_name)
) partition by hash (account_id);

-- "Who is a superuser?", "is this role in use?"
create index role_grants_by_role on auth.role_grants (role_name);

do $$
begin
  for part in 0..7 loop
    execute format('create table auth.role_grants_%s partition of auth.role_grants for values with (modulus 8, remainder %s)', part, part);
  end loop;
end $$;

insert into auth.roles (name, permissions, description, built_in, created_at, updated_at) values
  ('superuser', '{*}', 'May do everything; made from the console', true, now(), now()),
  ('subscriber', '{}', 'Watches the films of the subscription', true, now(), now());

-- Codes that were mailed: to confirm a sign-up or a new address, to reset a password. Hashed with a key the
-- database does not have; the payload (a pending sign-up) is sealed.
create table auth.codes (
  subject_hash  bytea not null,
  purpose       text not null constraint code_purpose_is_known check (purpose in ('sign_up', 'password_reset', 'email_change')),
  id            uuid not null,
  code_hash     bytea not null constraint code_hash_is_sha256 check (octet_length(code_hash) = 32),
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  used_at       timestamptz,
  tries         smallint not null default 0,
  payload       bytea,
  primary key (subject_hash, purpose, id)
);

create index codes_by_expiry on auth.codes (expires_at);

-- Mail waits here in the transaction that caused it, sealed, and leaves by SMTP with retries.
create table auth.mail_queue (
  id            uuid primary key,
  created_at    timestamptz not null,
  not_before    timestamptz not null,
  attempts      smallint not null default 0,
  sealed        bytea not null
);

create index mail_queue_by_turn on auth.mail_queue (not_before);

create table auth.signing_keys (
  kid           text primary key,
  state         text not null constraint key_state_is_known check (state in ('next', 'current', 'previous', 'withdrawn')),
  public_jwk    jsonb not null,
  sealed_private bytea not null,
  created_at    timestamptz not null,
  activated_at  timestamptz,
  retired_at    timestamptz
);

create unique index one_key_is_next on auth.signing_keys (state) where state = 'next';
create unique index one_key_is_current on auth.signing_keys (state) where state = 'current';

-- Other services of the cinema. The secret has 256 bits of entropy, so a plain hash is enough.
create table auth.service_credentials (
  id           text primary key,
  name         text not null constraint service_name_is_unique unique,
  secret_hash  bytea not null constraint secret_hash_is_sha256 check (octet_length(secret_hash) = 32),
  scopes       text[] not null,
  created_at   timestamptz not null,
  disabled_at  timestamptz
);
