-- Same tables, columns and names as ../postgres/0001-init.sql; a test compares the two.
-- Times are milliseconds since 1970 (UTC), sizes are bytes, booleans are 0 or 1.

create table repositories (
  name text primary key,
  created_at integer not null
) strict, without rowid;

-- Bytes that are in the blob store. A row is written only after its bytes are durable.
create table blobs (
  digest text primary key,
  size integer not null,
  created_at integer not null
) strict, without rowid;

-- Which repository may read which blob.
create table repository_blobs (
  repository text not null,
  digest text not null references blobs (digest),
  linked_at integer not null,
  primary key (repository, digest)
) strict, without rowid;
create index repository_blobs_by_digest on repository_blobs (digest);

create table uploads (
  id text primary key,
  repository text not null,
  owner text not null,
  created_at integer not null
) strict, without rowid;

-- Manifests are small, so their exact bytes live here and commit together with what they mean.
create table manifests (
  repository text not null references repositories (name),
  digest text not null,
  media_type text not null,
  artifact_type text,
  subject text,
  annotations text not null,
  content blob not null,
  size integer not null,
  pushed_at integer not null,
  pushed_by text not null,
  primary key (repository, digest)
) strict;
create index manifests_by_subject on manifests (repository, subject, digest) where subject is not null;

create table manifest_blobs (
  repository text not null,
  manifest text not null,
  blob text not null,
  primary key (repository, manifest, blob),
  foreign key (repository, manifest) references manifests (repository, digest) on delete cascade,
  foreign key (repository, blob) references repository_blobs (repository, digest)
) strict, without rowid;
create index manifest_blobs_by_blob on manifest_blobs (repository, blob);

create table manifest_children (
  repository text not null,
  manifest text not null,
  child text not null,
  primary key (repository, manifest, child),
  foreign key (repository, manifest) references manifests (repository, digest) on delete cascade
) strict, without rowid;

-- What was found in a manifest that is a chart. Inspection happens once per content, whatever repository it is in.
create table charts (
  repository text not null,
  digest text not null,
  name text not null,
  version text not null,
  config_digest text not null,
  content_digest text not null,
  provenance_digest text,
  metadata text not null,
  findings text not null,
  primary key (repository, digest),
  foreign key (repository, digest) references manifests (repository, digest) on delete cascade
) strict;
create index charts_by_content on charts (content_digest, config_digest);

-- digest is null once the tag is deleted: a fixed tag is remembered, so that it cannot come back with other content.
-- identity says what counts as the same content; provenance is the digest of the .prov layer, or empty; push_id is that of
-- the push that made the tag point where it does.
create table tags (
  repository text not null references repositories (name),
  name text not null,
  digest text,
  fixed integer not null check (fixed in (0, 1)),
  identity text not null,
  provenance text not null,
  push_id text not null,
  pushed_at integer not null,
  pushed_by text not null,
  deleted_at integer,
  deleted_by text,
  primary key (repository, name),
  foreign key (repository, digest) references manifests (repository, digest)
) strict, without rowid;
create index tags_by_digest on tags (repository, digest);

create table users (
  name text primary key,
  password_hash text not null,
  administrator integer not null check (administrator in (0, 1)),
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

-- What lies under a path prefix; the root is the empty path. Without a row, a path is as its nearest parent is.
create table namespaces (
  path text primary key,
  visibility text not null check (visibility in ('public', 'private')),
  updated_at integer not null
) strict, without rowid;

create table grants (
  principal_kind text not null,
  principal text not null,
  namespace text not null,
  role text not null,
  granted_at integer not null,
  primary key (principal_kind, principal, namespace)
) strict, without rowid;

create table events (
  id integer primary key autoincrement,
  at integer not null,
  kind text not null,
  actor text not null,
  repository text not null,
  tag text,
  digest text,
  detail text not null
) strict;
