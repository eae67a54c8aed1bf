-- Sessions whose owners signed out while auth.sessions was locked. They are dead already, their revocations are written;
-- their rows are ended as soon as the lock goes, within a second. Empty on nearly every day.
create table auth.endings_owed (
  account_id  uuid not null,
  session_id  uuid not null,
  owed_at     timestamptz not null,
  because     text not null,
  primary key (account_id, session_id)
);
