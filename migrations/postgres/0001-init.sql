-- Same tables, columns and names as ../sqlite/0001-init.sql; a test compares the two. Text is compared byte by byte (collate "C").
-- Times are milliseconds since 1970 (UTC), sizes are bytes, booleans are 0 or 1.

create table repositories (
  name text collate "C" primary key,
  created_at bigint not null
);

-- Bytes that are in the blob store. A row is written only after its bytes are durable.
create table blobs (
  digest text collate "C" primary key,
  size bigint not null,
  created_at bigint not null
);

-- Which repository may read which blob.
create table repository_blobs (
  repository text collate "C" not null,
  digest text collate "C" not null references blobs (digest),
  linked_at bigint not null,
  primary key (repository, digest)
);
create index repository_blobs_by_digest on repository_blobs (digest);

create table uploads (
  id text collate "C" primary key,
  repository text collate "C" not null,
  owner text not null,
  created_at bigint not null
);

-- Manifests are small, so their exact bytes live here and commit together with what they mean.
create table manifests (
  repository text collate "C" not null references repositories (name),
  digest text collate "C" not null,
  media_type text not null,
  artifact_type text,
  subject text collate "C",
  annotations text not null,
  content bytea not null,
  size bigint not null,
  pushed_at bigint not null,
  pushed_by text not null,
  primary key (repository, digest)
);
create index manifests_by_subject on manifests (repository, subject, digest) where subject is not null;

create table manifest_blobs (
  repository text collate "C" not null,
  manifest text collate "C" not null,
  blob text collate "C" not null,
  primary key (repository, manifest, blob),
  foreign key (repository, manifest) references manifests (repository, digest) on delete cascade,
  foreign key (repository, blob) references repository_blobs (repository, digest)
);
create index manifest_blobs_by_blob on manifest_blobs (repository, blob);

create table manifest_children (
  repository text collate "C" not null,
  manifest text collate "C" not null,
  child text collate "C" not null,
  primary key (repository, manifest, child),
  foreign key (repository, manifest) references manifests (repository, digest) on delete cascade
);

-- What was found in a manifest that is a chart. Inspection happens once per content, whatever repository it is in.
create table charts (
  repository text collate "C" not null,
  digest text collate "C" not null,
  name text collate "C" not null,
  version text not null,
  config_digest text not null,
  content_digest text not null,
  provenance_digest text,
  metadata text not null,
  findings text not null,
  primary key (repository, digest),
  foreign key (repository, digest) references manifests (repository, digest) on delete cascade
);
create index charts_by_content on charts (content_digest, config_digest);

-- digest is null once the tag is deleted: a fixed tag is remembered, so that it cannot come back with other content.
-- identity says what counts as the same content; provenance is the digest of the .prov layer, or empty; push_id is that of
-- the push that made the tag point where it does.
create table tags (
  repository text collate "C" not null references repositories (name),
  name text collate "C" not null,
  digest text collate "C",
  fixed bigint not null check (fixed in (0, 1)),
  identity text not null,
  provenance text not null,
  push_id text not null,
  pushed_at bigint not null,
  pushed_by text not null,
  deleted_at bigint,
  deleted_by text,
  primary key (repository, name),
  foreign key (repository, digest) references manifests (repository, digest)
);
create index tags_by_digest on tags (repository, digest);

create table users (
  name text collate "C" primary key,
  password_hash text not null,
  administrator bigint not null check (administrator in (0, 1)),
  created_at bigint not null,
  updated_at bigint not null
);

-- What lies under a path prefix; the root is the empty path. Without a row, a path is as its nearest parent is.
create table namespaces (
  path text collate "C" primary key,
  visibility text not null check (visibility in ('public', 'private')),
  updated_at bigint not null
);

create table grants (
  principal_kind text not null,
  principal text collate "C" not null,
  namespace text collate "C" not null,
  role text not null,
  granted_at bigint not null,
  primary key (principal_kind, principal, namespace)
);

create table events (
  id bigint generated always as identity primary key,
  at bigint not null,
  kind text not null,
  actor text not null,
  repository text collate "C" not null,
  tag text,
  digest text collate "C",
  detail text not null
);
