-- Same tables, columns and names as ../postgres/0003-catalog.sql; a test compares the two.

-- One row: counts up with every change to what is published, so that whoever keeps something of it in memory can catch up.
create table catalog_revision (
  id integer primary key check (id = 1),
  revision integer not null
) strict, without rowid;
insert into catalog_revision (id, revision) values (1, 1);

-- The revision with which the repository's list of tags changed last.
alter table repositories add column revision integer not null default 1;

-- floating: kept by the server on the newest version of a line. listed: in the list of tags.
alter table tags add column floating integer not null default 0 check (floating in (0, 1));
alter table tags add column listed integer not null default 1 check (listed in (0, 1));

-- The published versions of charts, one row for each tag that points, or pointed, at a chart. digest is null once it was
-- deleted. In byte order of sort_key they are in the order of their versions; stable ones are strict SemVer without a
-- pre-release. listed: neither deleted nor yanked. deprecated: Chart.yaml says so.
create table chart_versions (
  repository text not null references repositories (name),
  tag text not null,
  namespace text not null,
  name text not null,
  version text not null,
  file_name text not null,
  digest text,
  content_digest text not null,
  provenance_digest text,
  sort_key text not null,
  stable integer not null check (stable in (0, 1)),
  listed integer not null check (listed in (0, 1)),
  deprecated integer not null check (deprecated in (0, 1)),
  published_at integer not null,
  published_by text not null,
  revision integer not null,
  primary key (repository, tag)
) strict, without rowid;
-- A classic repository finds a chart by its file name alone.
create unique index chart_versions_by_file_name on chart_versions (namespace, file_name);
create index chart_versions_in_order on chart_versions (repository, sort_key);
-- However many pre-releases stand above it, the newest stable version of a line is found at once.
create index chart_versions_stable on chart_versions (repository, sort_key) where stable = 1 and listed = 1;
create index chart_versions_of_namespace on chart_versions (namespace, revision, repository, tag);
create index chart_versions_by_revision on chart_versions (revision, repository, tag);
create index chart_versions_by_content on chart_versions (repository, content_digest);

-- What each version says in Chart.yaml that it depends on. location is the address that stands there as "repository".
create table chart_dependencies (
  repository text not null,
  tag text not null,
  position integer not null,
  name text not null,
  version_range text not null,
  location text not null,
  primary key (repository, tag, position),
  foreign key (repository, tag) references chart_versions (repository, tag)
) strict, without rowid;
create index chart_dependencies_by_name on chart_dependencies (name, repository, tag);

-- What maintainers say of a version, or of a whole chart, where the tag is empty.
create table notices (
  repository text not null,
  tag text not null,
  kind text not null check (kind in ('deprecated', 'yanked')),
  reason text not null,
  replacement text not null,
  noted_at integer not null,
  noted_by text not null,
  primary key (repository, tag)
) strict, without rowid;

-- How often each version was pulled on each day: days since 1970 (UTC).
create table pulls (
  repository text not null,
  tag text not null,
  day integer not null,
  pulls integer not null,
  primary key (repository, tag, day)
) strict, without rowid;

-- What was found in the archive with this digest, by an inspection of this revision: JSON.
create table contents (
  content_digest text primary key,
  description_revision integer not null,
  description text not null,
  described_at integer not null
) strict;

-- Settings of namespaces; what is null is as it is above.
create table namespaces_new (
  path text primary key,
  visibility text check (visibility in ('public', 'private')),
  floating_tags integer check (floating_tags in (0, 1)),
  artifact_hub text,
  updated_at integer not null
) strict, without rowid;
insert into namespaces_new (path, visibility, updated_at) select path, visibility, updated_at from namespaces;
drop table namespaces;
alter table namespaces_new rename to namespaces;
