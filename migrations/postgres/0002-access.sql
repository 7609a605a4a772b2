-- Same tables, columns and names as ../sqlite/0002-access.sql; a test compares the two. Text is compared byte by byte (collate "C").
-- Users get an id that no other user ever has, a version that ends what was issued before, and may log in elsewhere.

create table access_revision (
  id bigint primary key check (id = 1),
  revision bigint not null
);
insert into access_revision (id, revision) values (1, 1);

-- login says who checks the password: we do, a directory (LDAP), or a provider of identities (OpenID Connect).
create table users_new (
  name text collate "C" primary key,
  id text collate "C" not null,
  version bigint not null,
  login text collate "C" not null check (login in ('password', 'directory', 'provider')),
  password_hash text collate "C",
  issuer text collate "C",
  subject text collate "C",
  administrator bigint not null check (administrator in (0, 1)),
  disabled bigint not null check (disabled in (0, 1)),
  created_at bigint not null,
  updated_at bigint not null,
  last_login_at bigint
);
insert into users_new (name, id, version, login, password_hash, administrator, disabled, created_at, updated_at)
  select name, replace(gen_random_uuid()::text, '-', ''), 1, 'password', password_hash, administrator, 0, created_at, updated_at from users;
drop table users;
alter table users_new rename to users;
create unique index users_by_id on users (id);
create unique index users_by_subject on users (issuer, subject);

-- external_name is what the directory or the provider calls the group whose members it makes.
create table groups (
  name text collate "C" primary key,
  external_name text collate "C",
  administrator bigint not null check (administrator in (0, 1)),
  created_at bigint not null
);
create unique index groups_by_external_name on groups (external_name);

-- source says who made somebody a member: an administrator here, or the last login from elsewhere.
create table group_members (
  group_name text collate "C" not null references groups (name) on delete cascade,
  user_name text collate "C" not null references users (name) on delete cascade,
  source text collate "C" not null check (source in ('local', 'login')),
  primary key (group_name, user_name, source)
);
create index group_members_by_user on group_members (user_name);

create table user_grants (
  user_name text collate "C" not null references users (name) on delete cascade,
  namespace text collate "C" not null,
  role text collate "C" not null check (role in ('reader', 'writer', 'maintainer')),
  granted_at bigint not null,
  primary key (user_name, namespace)
);
insert into user_grants (user_name, namespace, role, granted_at)
  select principal, namespace, role, granted_at from grants
  where principal_kind = 'user' and principal in (select name from users);
drop table grants;

create table group_grants (
  group_name text collate "C" not null references groups (name) on delete cascade,
  namespace text collate "C" not null,
  role text collate "C" not null check (role in ('reader', 'writer', 'maintainer')),
  granted_at bigint not null,
  primary key (group_name, namespace)
);

-- Accounts of CI and clusters. namespace is the one whose maintainers manage it; scopes are JSON, all within it.
create table robots (
  name text collate "C" primary key,
  id text collate "C" not null,
  version bigint not null,
  namespace text collate "C" not null,
  description text collate "C" not null,
  scopes text collate "C" not null,
  disabled bigint not null check (disabled in (0, 1)),
  expires_at bigint,
  created_at bigint not null,
  created_by text collate "C" not null,
  updated_at bigint not null
);
create unique index robots_by_id on robots (id);

-- What people give to their programs in place of a password. scopes is JSON, or null for all that the person may do.
create table personal_tokens (
  id text collate "C" primary key,
  user_name text collate "C" not null references users (name) on delete cascade,
  name text collate "C" not null,
  scopes text collate "C",
  management bigint not null check (management in (0, 1)),
  expires_at bigint,
  created_at bigint not null
);
create unique index personal_tokens_by_name on personal_tokens (user_name, name);

-- The secrets of robots and personal tokens; two of one holder are good at once while one replaces the other.
create table secrets (
  id text collate "C" primary key,
  hash text collate "C" not null,
  robot_name text collate "C" references robots (name) on delete cascade,
  personal_token text collate "C" references personal_tokens (id) on delete cascade,
  created_at bigint not null,
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint,
  last_used_address text collate "C",
  last_used_agent text collate "C"
);
create index secrets_by_robot on secrets (robot_name);
create index secrets_by_personal_token on secrets (personal_token);

-- Whose identity tokens are believed without an account: claims are patterns (JSON), keys a JWK set (JSON) or null.
create table trust_rules (
  name text collate "C" primary key,
  version bigint not null,
  issuer text collate "C" not null,
  audience text collate "C" not null,
  claims text collate "C" not null,
  keys text collate "C",
  namespace text collate "C" not null,
  role text collate "C" not null check (role in ('reader', 'writer', 'maintainer')),
  disabled bigint not null check (disabled in (0, 1)),
  created_at bigint not null,
  updated_at bigint not null
);

alter table events add column actor_kind text collate "C" not null default '';
alter table events add column credential text collate "C" not null default '';
alter table events add column client_address text collate "C" not null default '';
alter table events add column user_agent text collate "C" not null default '';
alter table events add column outcome text collate "C" not null default 'allowed';
alter table events alter column actor type text collate "C";
alter table events alter column kind type text collate "C";
create index events_by_time on events (at);
create index events_by_actor on events (actor, id);
create index events_by_repository on events (repository, id);
create index events_by_kind on events (kind, id);
create index events_by_address on events (client_address, id);
create index events_refused on events (id) where outcome = 'refused';
