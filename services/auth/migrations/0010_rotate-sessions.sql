-- Refreshes that come while others are under way, in one round trip and one commit. Each is rotated by the statement
-- `sessions.rotate` itself, planned as it is there: each finds its leaf before anything is opened, and two refreshes of
-- one session in one call see each other as they would in two.
--
-- Nobody waits here for long because of somebody else's locked row: the caller then asks for each alone.
create function auth.rotate_sessions(
  p_accounts uuid[], p_sessions uuid[], p_counters integer[], p_regions smallint[],
  p_now timestamptz, p_overlap timestamptz, p_idle timestamptz
)
returns table (
  number integer, counter integer, region smallint, device_ceiling smallint, status text, birth_date text, roles text[]
)
language plpgsql
set lock_timeout = '50ms'
as $$
#variable_conflict use_column
declare
  p_account uuid;
  p_session uuid;
  p_counter integer;
  p_region smallint;
begin
  for p_number in 1 .. cardinality(p_sessions) loop
    p_account := p_accounts[p_number];
    p_session := p_sessions[p_number];
    p_counter := p_counters[p_number];
    p_region := p_regions[p_number];
    return query
    with rotated as (
      update auth.sessions
         set counter = p_counter + 1,
             last_used_at = case when counter <= p_counter then p_now::timestamptz else last_used_at end
       where account_id = p_account and id = p_session and ended_at is null
         and expires_at > p_now and last_used_at > p_idle
         and (counter <= p_counter or (counter = p_counter + 1 and last_used_at > p_overlap))
      returning counter, region, age_ceiling
    )
    select p_number, rotated.counter, rotated.region, rotated.age_ceiling as device_ceiling, account.status, account.birth_date::text as birth_date,
           array(select role_name from auth.role_grants where account_id = p_account order by role_name) as roles
      from rotated
      left join lateral (select status, birth_date from auth.accounts where id = p_account and region = p_region) as account on true;
  end loop;
end $$;
