-- The directory and the account in one round trip, and still by two statements: each is planned by itself, so each
-- finds its leaf before anything is opened. A join would open every leaf of both tables (docs/decisions/0003).
--
-- Stable: both statements see the moment of the query that calls, so an account that moves meanwhile is found in the one
-- region or in the other. Where nobody owns the identifier, the account p_nobody is looked for instead: as much is
-- read, and time does not tell.
create function auth.account_by_identifier(p_value_hash bytea, p_kind smallint, p_nobody uuid, p_nowhere smallint)
returns table (account auth.accounts, roles text[])
language plpgsql stable as $$
declare
  owner record;
  granted text[];
begin
  select i.account_id, i.region into owner
    from auth.identifiers i where i.value_hash = p_value_hash and i.kind = p_kind;
  granted := array(select g.role_name from auth.role_grants g
                    where g.account_id = coalesce(owner.account_id, p_nobody) order by g.role_name);
  return query
    select a, granted from auth.accounts a
     where a.id = coalesce(owner.account_id, p_nobody) and a.region = coalesce(owner.region, p_nowhere);
end $$;
