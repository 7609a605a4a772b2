-- Same tables, columns and names as ../postgres/0005-reliability.sql; a test compares the two.

-- Manifests that nothing refers to, and since when, as garbage collection has found it. Beside them, since their own rows have
-- all their bytes.
create table unreferenced_manifests (
  repository text not null,
  digest text not null,
  since integer not null,
  primary key (repository, digest),
  foreign key (repository, digest) references manifests (repository, digest) on delete cascade
) strict, without rowid;
create index unreferenced_manifests_by_time on unreferenced_manifests (since, repository, digest);

-- Whether a manifest of a published chart is one of several is asked for each of them.
drop index chart_versions_by_content;
create index chart_versions_by_content on chart_versions (repository, content_digest, digest);

create index manifest_children_by_child on manifest_children (repository, child);

-- Since when no manifest of the repository needs the blob, found in the same way.
alter table repository_blobs add column unneeded_since integer;
create index repository_blobs_unneeded on repository_blobs (unneeded_since, repository, digest) where unneeded_since is not null;

-- checked_at: when the bytes were last read and had this digest; 0 when they never were. damaged_at: when they had not, or
-- were not there; null while they are sound. The next push of the same content makes them sound.
alter table blobs add column checked_at integer not null default 0;
alter table blobs add column damaged_at integer;
create index blobs_by_check on blobs (checked_at, digest);
create index blobs_damaged on blobs (digest) where damaged_at is not null;

-- Blobs that have lost their row, and lose their bytes. A push that puts the same bytes there meanwhile finds this row, and
-- so knows that it must put them there again. gone: the bytes are away; it is forgotten some time after.
create table collected_blobs (
  digest text primary key,
  collected_at integer not null,
  gone integer not null check (gone in (0, 1))
) strict, without rowid;

-- Bytes that no row names, and when they were found. They stay for days: it may be the row that is missing, and not what is
-- left over.
create table unrecorded_blobs (
  digest text primary key,
  found_at integer not null
) strict, without rowid;

-- Somebody copies what is stored, such as a backup: until this time no bytes are taken away.
create table collection_holds (
  id text primary key,
  held_until integer not null
) strict, without rowid;

-- What runs, or ran, in the background because somebody or a schedule asked for it. options, progress: JSON objects. runner: which kind of
-- process it runs in.
create table jobs (
  id text primary key,
  kind text not null,
  state text not null check (state in ('running', 'succeeded', 'failed')),
  options text not null,
  progress text not null,
  problem text not null,
  requested_by text not null,
  runner text not null check (runner in ('command', 'server')),
  started_at integer not null,
  updated_at integer not null,
  ended_at integer
) strict, without rowid;
create index jobs_by_start on jobs (started_at, id);
create index jobs_of_kind on jobs (kind, started_at, id);

-- created_by: the name of its owner, as messages have it.
alter table uploads add column created_by text not null default '';
create index uploads_by_owner on uploads (owner);
create index uploads_by_start on uploads (created_at, id);

-- Whether every chart of the time before chart_versions is entered there, so that no start looks for them again.
alter table catalog_revision add column versions_entered integer not null default 0 check (versions_entered in (0, 1));

-- How many rows there may be, and how many have the same beginning of a key, for SQLite's planner: without this it takes what a
-- repository has for ten rows, and goes through all of it where an index would do (https://sqlite.org/lang_analyze.html, "Fixed
-- Results Of ANALYZE"). Nothing else may run ANALYZE, so that plans are the same in every registry.
analyze repositories;
delete from sqlite_stat1;
insert into sqlite_stat1 (tbl, idx, stat) values
  ('repositories', 'repositories', '1000 1'),
  ('blobs', 'blobs', '1000000 1'),
  ('blobs', 'blobs_by_check', '1000000 100 1'),
  ('blobs', 'blobs_damaged', '10 1'),
  ('repository_blobs', 'repository_blobs', '1000000 1000 1'),
  ('repository_blobs', 'repository_blobs_by_digest', '1000000 2'),
  ('repository_blobs', 'repository_blobs_unneeded', '10000 2 2 1'),
  ('manifests', 'sqlite_autoindex_manifests_1', '1000000 1000 1'),
  ('manifests', 'manifests_by_subject', '300000 300 2 1'),
  ('manifest_blobs', 'manifest_blobs', '2000000 2000 2 1'),
  ('manifest_blobs', 'manifest_blobs_by_blob', '2000000 2000 2'),
  ('manifest_children', 'manifest_children', '300000 300 5 1'),
  ('manifest_children', 'manifest_children_by_child', '300000 300 2'),
  ('unreferenced_manifests', 'unreferenced_manifests', '10000 10 1'),
  ('unreferenced_manifests', 'unreferenced_manifests_by_time', '10000 2 2 1'),
  ('charts', 'sqlite_autoindex_charts_1', '1000000 1000 1'),
  ('charts', 'charts_by_content', '1000000 2 2'),
  ('tags', 'tags', '1000000 1000 1'),
  ('tags', 'tags_by_digest', '1000000 1000 2'),
  ('chart_versions', 'chart_versions', '1000000 1000 1'),
  ('chart_versions', 'chart_versions_in_order', '1000000 1000 2'),
  ('chart_versions', 'chart_versions_stable', '900000 900 2'),
  ('chart_versions', 'chart_versions_of_namespace', '1000000 10000 10 10 1'),
  ('chart_versions', 'chart_versions_by_file_name', '1000000 10000 1'),
  ('chart_versions', 'chart_versions_by_revision', '1000000 10 10 1'),
  ('chart_versions', 'chart_versions_by_content', '1000000 1000 2 1'),
  ('chart_dependencies', 'chart_dependencies', '2000000 2000 2 1'),
  ('chart_dependencies', 'chart_dependencies_by_name', '2000000 1000 2 1'),
  ('notices', 'notices', '10000 10 1'),
  ('pulls', 'pulls', '3000000 3000 30 1');
analyze sqlite_schema;
