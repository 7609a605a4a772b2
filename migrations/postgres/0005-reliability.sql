-- Same tables, columns and names as ../sqlite/0005-reliability.sql; a test compares the two. Text is compared byte by byte (collate "C").

-- Manifests that nothing refers to, and since when, as garbage collection has found it. Beside them, since their own rows have
-- all their bytes.
create table unreferenced_manifests (
  repository text collate "C" not null,
  digest text collate "C" not null,
  since bigint not null,
  primary key (repository, digest),
  foreign key (repository, digest) references manifests (repository, digest) on delete cascade
);
create index unreferenced_manifests_by_time on unreferenced_manifests (since, repository, digest);

-- Whether a manifest of a published chart is one of several is asked for each of them.
drop index chart_versions_by_content;
create index chart_versions_by_content on chart_versions (repository, content_digest, digest);

create index manifest_children_by_child on manifest_children (repository, child);

-- Since when no manifest of the repository needs the blob, found in the same way.
alter table repository_blobs add column unneeded_since bigint;
create index repository_blobs_unneeded on repository_blobs (unneeded_since, repository, digest) where unneeded_since is not null;

-- checked_at: when the bytes were last read and had this digest; 0 when they never were. damaged_at: when they had not, or
-- were not there; null while they are sound. The next push of the same content makes them sound.
alter table blobs add column checked_at bigint not null default 0;
alter table blobs add column damaged_at bigint;
create index blobs_by_check on blobs (checked_at, digest);
create index blobs_damaged on blobs (digest) where damaged_at is not null;

-- Blobs that have lost their row, and lose their bytes. A push that puts the same bytes there meanwhile finds this row, and
-- so knows that it must put them there again. gone: the bytes are away; it is forgotten some time after.
create table collected_blobs (
  digest text collate "C" primary key,
  collected_at bigint not null,
  gone bigint not null check (gone in (0, 1))
);

-- Bytes that no row names, and when they were found. They stay for days: it may be the row that is missing, and not what is
-- left over.
create table unrecorded_blobs (
  digest text collate "C" primary key,
  found_at bigint not null
);

-- Somebody copies what is stored, such as a backup: until this time no bytes are taken away.
create table collection_holds (
  id text collate "C" primary key,
  held_until bigint not null
);

-- What runs, or ran, in the background because somebody or a schedule asked for it. options, progress: JSON objects. runner: which kind of
-- process it runs in.
create table jobs (
  id text collate "C" primary key,
  kind text collate "C" not null,
  state text collate "C" not null check (state in ('running', 'succeeded', 'failed')),
  options text collate "C" not null,
  progress text collate "C" not null,
  problem text collate "C" not null,
  requested_by text collate "C" not null,
  runner text collate "C" not null check (runner in ('command', 'server')),
  started_at bigint not null,
  updated_at bigint not null,
  ended_at bigint
);
create index jobs_by_start on jobs (started_at, id);
create index jobs_of_kind on jobs (kind, started_at, id);

alter table uploads alter column owner type text collate "C";
-- created_by: the name of its owner, as messages have it.
alter table uploads add column created_by text collate "C" not null default '';
create index uploads_by_owner on uploads (owner);
create index uploads_by_start on uploads (created_at, id);

-- Whether every chart of the time before chart_versions is entered there, so that no start looks for them again.
alter table catalog_revision add column versions_entered integer not null default 0 check (versions_entered in (0, 1));
