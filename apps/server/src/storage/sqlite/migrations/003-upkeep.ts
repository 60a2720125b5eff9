/** Version 3: when what is in the trash goes for good, and where upkeep stands. */
export const upkeep = `
alter table sessions add column purge_due integer;
alter table checkpoints add column purge_due integer;
create index checkpoints_to_purge on checkpoints (purge_due)
  where deleted_at is not null and purged_at is null;

alter table operations add column automatic integer not null default 0;

create table retentions (
  session_id text primary key references sessions on delete cascade,
  since integer not null,
  last_at text,
  last_removed integer not null
) strict, without rowid;

create table upkeep (
  name text primary key,
  value text not null
) strict, without rowid;
`;
