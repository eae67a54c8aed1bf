-- Accounts live in the leaf of their home region; docs/decisions/0003 has the figures behind every key.

-- The only place that knows which regions exist. A new one is data (kinopass partitions apply), not code.
create table auth.regions (
  code          smallint primary key constraint region_fits_the_id check (code between 1 and 1023),
  slug          text not null constraint region_slug_is_unique unique
                constraint region_slug_is_plain check (slug ~ '^[a-z][a-z0-9_]{1,40}$'),
  jurisdiction  char(2) not null,
  name_en       text not null,
  name_ru       text not null
);

create table auth.accounts (
  id                    uuid not null,
  region                smallint not null,
  birth_date            date,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  password_changed_at   timestamptz,
  status                text not null default 'active'
                        constraint account_status_is_known check (status in ('active', 'disabled')),
  locale                text not null constraint account_locale_is_known check (locale in ('en', 'ru')),
  -- Confirmed, or absent: an unconfirmed address never enters this table. Uniqueness lives in auth.identifiers.
  email                 text,
  password_hash         text,
  display_name          text,
  -- 'year' keeps the last day of a year whose day is not known, so that nobody is taken for older than proven.
  birth_date_precision  text constraint birth_date_precision_is_known check (birth_date_precision in ('day', 'year')),
  constraint birth_date_has_its_precision check ((birth_date is null) = (birth_date_precision is null)),
  primary key (id, region)
) partition by list (region);

-- Administrators search by age inside one region; the ceiling is a range of birth dates and so never goes stale.
create index accounts_by_birth_date on auth.accounts (birth_date, id);

-- Who signs in with what: the one place where an e-mail or a social account is unique. No personal text
-- is inside, only a keyed hash made by the service.
create table auth.identifiers (
  value_hash   bytea not null constraint identifier_hash_is_sha256 check (octet_length(value_hash) = 32),
  kind         smallint not null constraint identifier_kind_is_known check (kind in (1, 2)),
  region       smallint not null,
  account_id   uuid not null,
  created_at   timestamptz not null,
  constraint identifier_is_unique primary key (value_hash, kind)
) partition by hash (value_hash);

-- Forwarding addresses of accounts that moved away from the region their id was born in.
create table auth.relocations (
  account_id  uuid primary key,
  region      smallint not null,
  moved_at    timestamptz not null
);

do $$
begin
  for part in 0..7 loop
    execute format('create table auth.identifiers_%s partition of auth.identifiers for values with (modulus 8, remainder %s)', part, part);
  end loop;
end $$;

-- Builds a region's leaf aside and attaches it: ATTACH blocks nobody, CREATE ... PARTITION OF would.
create procedure auth.add_region(p_code smallint, p_slug text, p_jurisdiction text, p_name_en text, p_name_ru text)
language plpgsql as $$
declare leaf text := 'accounts_' || p_slug;
begin
  insert into auth.regions (code, slug, jurisdiction, name_en, name_ru)
  values (p_code, p_slug, p_jurisdiction, p_name_en, p_name_ru);
  execute format('create table auth.%I (like auth.accounts including all)', leaf);
  execute format('alter table auth.accounts attach partition auth.%I for values in (%s)', leaf, p_code);
end $$;

-- The federal districts, and a real region for people who cannot be placed: never NULL, never a default partition.
call auth.add_region(1::smallint, 'ru_central', 'RU', 'Central', 'Центральный');
call auth.add_region(2::smallint, 'ru_northwest', 'RU', 'Northwestern', 'Северо-Западный');
call auth.add_region(3::smallint, 'ru_south', 'RU', 'Southern', 'Южный');
call auth.add_region(4::smallint, 'ru_north_caucasus', 'RU', 'North Caucasian', 'Северо-Кавказский');
call auth.add_region(5::smallint, 'ru_volga', 'RU', 'Volga', 'Приволжский');
call auth.add_region(6::smallint, 'ru_ural', 'RU', 'Ural', 'Уральский');
call auth.add_region(7::smallint, 'ru_siberia', 'RU', 'Siberian', 'Сибирский');
call auth.add_region(8::smallint, 'ru_far_east', 'RU', 'Far Eastern', 'Дальневосточный');
call auth.add_region(9::smallint, 'ru_unassigned', 'RU', 'Not yet known', 'Пока неизвестен');
