/** Version 1. Never changed once released: what comes after is another version. */
export const first = `
create table counters (
  name text primary key,
  value integer not null
) strict, without rowid;
insert into counters values ('sequence_number', 0);

create table sessions (
  session_id text primary key,
  name text not null,
  workspace text,
  status text not null,
  labels text not null,
  created_at text not null,
  deleted_at text,
  demo integer not null,
  head text,
  checkpoints integer not null default 0 check (checkpoints >= 0),
  bytes integer not null,
  last_event_at text,
  seq integer not null default 0,
  epoch text not null,
  settings text not null,
  activity_at text not null,
  search text not null
) strict;
create index sessions_by_activity on sessions (activity_at, session_id) where deleted_at is null;
create index sessions_in_trash on sessions (deleted_at, session_id) where deleted_at is not null;

create table checkpoints (
  sequence_number integer primary key,
  parent_number integer,
  deleted_at text,
  checkpoint_id text not null unique,
  session_id text not null references sessions on delete cascade,
  parent_id text,
  message text not null,
  tags text not null,
  trigger_kind text not null,
  trigger_reason text,
  author text not null,
  created_at text not null,
  purged_at text check (purged_at is null or deleted_at is not null),
  pinned integer not null,
  partial integer not null,
  damaged integer not null default 0,
  tree text,
  files integer not null,
  bytes integer not null,
  changed_files integer not null,
  added integer,
  removed integer,
  git text,
  checksum text not null,
  rules text,
  skipped text,
  annotation_count integer not null default 0,
  max_severity text,
  search text not null
) strict;
create index checkpoints_by_session on checkpoints (session_id, deleted_at, sequence_number);
create index checkpoints_in_trash on checkpoints (deleted_at, sequence_number)
  where deleted_at is not null and purged_at is null;

create table checkpoint_contents (
  sequence_number integer primary key references checkpoints on delete cascade,
  state text,
  changed_paths text not null
) strict;

create table checkpoint_tags (
  session_id text not null,
  tag text not null,
  sequence_number integer not null,
  primary key (session_id, tag, sequence_number)
) strict, without rowid;

create table paths (
  path_id integer primary key,
  session_id text not null,
  path text not null,
  unique (session_id, path)
) strict;
create table checkpoint_paths (
  path_id integer not null,
  sequence_number integer not null,
  primary key (path_id, sequence_number)
) strict, without rowid;

create table annotations (
  ord integer primary key,
  annotation_id text not null unique,
  checkpoint_id text not null references checkpoints (checkpoint_id) on delete cascade,
  session_id text not null,
  note text not null,
  severity text not null,
  author text not null,
  created_at text not null
) strict;
create index annotations_by_checkpoint on annotations (checkpoint_id, ord);

create table operations (
  ord integer primary key autoincrement,
  operation_id text not null unique,
  session_id text not null references sessions on delete cascade,
  kind text not null,
  status text not null,
  actor text not null,
  created_at text not null,
  finished_at text,
  checkpoint_id text,
  safety_checkpoint_id text,
  subject_id text,
  undone_by text,
  redone_by text,
  removed_ids text not null,
  head_after text,
  differences integer not null,
  undoable integer not null
) strict;
create index operations_by_session on operations (session_id, ord);
create index operations_pending on operations (ord) where status = 'pending';

create table events (
  session_id text not null references sessions on delete cascade,
  seq integer not null,
  event_type text not null,
  event text not null,
  primary key (session_id, seq)
) strict, without rowid;
create index events_by_type on events (session_id, event_type, seq);

create table keys (
  key_id text primary key,
  hash text not null unique,
  label text not null,
  created_at text not null,
  last_used_at text
) strict;
`;
