/** Version 2: named readers of logs, answers under idempotency keys, changed paths with events. */
export const consumers = `
create table consumers (
  session_id text not null references sessions on delete cascade,
  consumer text not null,
  epoch text not null,
  floor integer not null,
  updated_at text not null,
  primary key (session_id, consumer)
) strict, without rowid;

create table idempotent (
  actor text not null,
  method text not null,
  key text not null,
  params_hash text not null,
  result text not null,
  created_at text not null,
  primary key (actor, method, key)
) strict;
create index idempotent_by_age on idempotent (created_at);

alter table operations add column call text;

alter table events add column paths text;
update events set paths = (
  select changed_paths from checkpoints join checkpoint_contents using (sequence_number)
  where checkpoint_id = event ->> '$.data.checkpoint_id'
);
`;
