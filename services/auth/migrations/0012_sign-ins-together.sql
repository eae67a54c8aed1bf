-- Sign-ins that come together, in one round trip and one commit each way, as 0010 does it for refreshes
-- (docs/decisions/0012): the statements are those that a sign-in alone runs, one after the other, leaf by leaf.

create function auth.accounts_by_identifiers(
  p_value_hashes bytea[], p_kinds smallint[], p_nobody uuid, p_nowheres smallint[]
)
returns table (number integer, account auth.accounts, roles text[])
language plpgsql stable as $$
begin
  for p_number in 1 .. cardinality(p_value_hashes) loop
    return query
    select p_number, found.account, found.roles
      from auth.account_by_identifier(p_value_hashes[p_number], p_kinds[p_number], p_nobody, p_nowheres[p_number]) as found;
  end loop;
end $$;

create function auth.open_sessions(p_openings jsonb, p_most integer)
returns table (number integer, id uuid, seen boolean)
language plpgsql
set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
  asked record;
begin
  for asked in
    select * from rows from (jsonb_to_recordset(p_openings) as (
      account uuid, session uuid, at timestamptz, expires_at timestamptz, region smallint, age_ceiling smallint, door text,
      device_kind text, device_name text, address inet, user_agent text, audit_id uuid, password_hash text, request_id text
    )) with ordinality as opening(
      account, session, at, expires_at, region, age_ceiling, door,
      device_kind, device_name, address, user_agent, audit_id, password_hash, request_id, number
    )
  loop
    return query
    with still as materialized (
         select from auth.accounts
          where id = asked.account and region = asked.region and password_hash = asked.password_hash and status = 'active' for share
       ), surplus as (
         update auth.sessions set ended_at = asked.at, ended_because = 'too_many'
          where account_id = asked.account and ended_at is null
            and id in (select id from auth.sessions where account_id = asked.account and ended_at is null
                        order by last_used_at desc, id desc offset p_most)
            and (asked.password_hash::text is null or exists (select from still))
         returning id
       ), revoked as (
         insert into auth.revocations (recorded_at, event, account_id, session_id, because)
         select asked.at, 'session-revoked', asked.account, id, 'too_many' from surplus
       ), opened as (
         insert into auth.sessions
           (account_id, id, created_at, authenticated_at, last_used_at, expires_at, region, age_ceiling, door, device_kind, device_name, address, user_agent)
         select asked.account, asked.session::uuid, asked.at, asked.at, asked.at, asked.expires_at::timestamptz, asked.region, asked.age_ceiling::smallint, asked.door, asked.device_kind, asked.device_name, asked.address::inet, asked.user_agent
          where asked.password_hash::text is null or exists (select from still)
         returning id
       ), noted as (
         insert into auth.audit_entries
           (account_id, id, occurred_at, action, actor_kind, actor_id, session_id, address, request_id, details)
         select asked.account, asked.audit_id::uuid, asked.at, 'session.opened', 'account', asked.account::text, asked.session, asked.address, asked.request_id,
                jsonb_build_object('door', asked.door::text, 'device', asked.device_kind::text)
           from opened
       )
       select asked.number::integer, id, exists (select from auth.sessions where account_id = asked.account and user_agent is not distinct from asked.user_agent) as seen
         from opened;
  end loop;
end $$;
