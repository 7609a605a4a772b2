-- Same tables, columns and names as ../sqlite/0003-catalog.sql; a test compares the two. Text is compared byte by byte (collate "C").

-- One row: counts up with every change to what is published, so that whoever keeps something of it in memory can catch up.
create table catalog_revision (
  id bigint primary key check (id = 1),
  revision bigint not null
);
insert into catalog_revision (id, revision) values (1, 1);

-- The revision with which the repository's list of tags changed last.
alter table repositories add column revision bigint not null default 1;

-- floating: kept by the server on the newest version of a line. listed: in the list of tags.
alter table tags add column floating bigint not null default 0 check (floating in (0, 1));
alter table tags add column listed bigint not null default 1 check (listed in (0, 1));

-- The published versions of charts, one row for each tag that points, or pointed, at a chart. digest is null once it was
-- deleted. In byte order of sort_key they are in the order of their versions; stable ones are strict SemVer without a
-- pre-release. listed: neither deleted nor yanked. deprecated: Chart.yaml says so.
create table chart_versions (
  repository text collate "C" not null references repositories (name),
  tag text collate "C" not null,
  namespace text collate "C" not null,
  name text collate "C" not null,
  version text collate "C" not null,
  file_name text collate "C" not null,
  digest text collate "C",
  content_digest text collate "C" not null,
  provenance_digest text collate "C",
  sort_key text collate "C" not null,
  stable bigint not null check (stable in (0, 1)),
  listed bigint not null check (listed in (0, 1)),
  deprecated bigint not null check (deprecated in (0, 1)),
  published_at bigint not null,
  published_by text collate "C" not null,
  revision bigint not null,
  primary key (repository, tag)
);
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
  repository text collate "C" not null,
  tag text collate "C" not null,
  position bigint not null,
  name text collate "C" not null,
  version_range text collate "C" not null,
  location text collate "C" not null,
  primary key (repository, tag, position),
  foreign key (repository, tag) references chart_versions (repository, tag)
);
create index chart_dependencies_by_name on chart_dependencies (name, repository, tag);

-- What maintainers say of a version, or of a whole chart, where the tag is empty.
create table notices (
  repository text collate "C" not null,
  tag text collate "C" not null,
  kind text collate "C" not null check (kind in ('deprecated', 'yanked')),
  reason text collate "C" not null,
  replacement text collate "C" not null,
  noted_at bigint not null,
  noted_by text collate "C" not null,
  primary key (repository, tag)
);

-- How often each version was pulled on each day: days since 1970 (UTC).
create table pulls (
  repository text collate "C" not null,
  tag text collate "C" not null,
  day bigint not null,
  pulls bigint not null,
  primary key (repository, tag, day)
);

-- What was found in the archive with this digest, by an inspection of this revision: JSON.
create table contents (
  content_digest text collate "C" primary key,
  description_revision bigint not null,
  description text collate "C" not null,
  described_at bigint not null
);

-- Settings of namespaces; what is null is as it is above.
create table namespaces_new (
  path text collate "C" primary key,
  visibility text collate "C" check (visibility in ('public', 'private')),
  floating_tags bigint check (floating_tags in (0, 1)),
  artifact_hub text collate "C",
  updated_at bigint not null
);
insert into namespaces_new (path, visibility, updated_at) select path, visibility, updated_at from namespaces;
drop table namespaces;
alter table namespaces_new rename to namespaces;
