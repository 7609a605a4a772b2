-- Same tables, columns and names as ../postgres/0002-access.sql; a test compares the two.
-- Users get an id that no other user ever has, a version that ends what was issued before, and may log in elsewhere.

create table access_revision (
  id integer primary key check (id = 1),
  revision integer not null
) strict, without rowid;
insert into access_revision (id, revision) values (1, 1);

-- login says who checks the password: we do, a directory (LDAP), or a provider of identities (OpenID Connect).
create table users_new (
  name text primary key,
  id text not null,
  version integer not null,
  login text not null check (login in ('password', 'directory', 'provider')),
  password_hash text,
  issuer text,
  subject text,
  administrator integer not null check (administrator in (0, 1)),
  disabled integer not null check (disabled in (0, 1)),
  created_at integer not null,
  updated_at integer not null,
  last_login_at integer
) strict, without rowid;
insert into users_new (name, id, version, login, password_hash, administrator, disabled, created_at, updated_at)
  select name, lower(hex(randomblob(16))), 1, 'password', password_hash, administrator, 0, created_at, updated_at from users;
drop table users;
alter table users_new rename to users;
create unique index users_by_id on users (id);
create unique index users_by_subject on users (issuer, subject);

-- external_name is what the directory or the provider calls the group whose members it makes.
create table groups (
  name text primary key,
  external_name text,
  administrator integer not null check (administrator in (0, 1)),
  created_at integer not null
) strict, without rowid;
create unique index groups_by_external_name on groups (external_name);

-- source says who made somebody a member: an administrator here, or the last login from elsewhere.
create table group_members (
  group_name text not null references groups (name) on delete cascade,
  user_name text not null references users (name) on delete cascade,
  source text not null check (source in ('local', 'login')),
  primary key (group_name, user_name, source)
) strict, without rowid;
create index group_members_by_user on group_members (user_name);

create table user_grants (
  user_name text not null references users (name) on delete cascade,
  namespace text not null,
  role text not null check (role in ('reader', 'writer', 'maintainer')),
  granted_at integer not null,
  primary key (user_name, namespace)
) strict, without rowid;
insert into user_grants (user_name, namespace, role, granted_at)
  select principal, namespace, role, granted_at from grants
  where principal_kind = 'user' and principal in (select name from users);
drop table grants;

create table group_grants (
  group_name text not null references groups (name) on delete cascade,
  namespace text not null,
  role text not null check (role in ('reader', 'writer', 'maintainer')),
  granted_at integer not null,
  primary key (group_name, namespace)
) strict, without rowid;

-- Accounts of CI and clusters. namespace is the one whose maintainers manage it; scopes are JSON, all within it.
create table robots (
  name text primary key,
  id text not null,
  version integer not null,
  namespace text not null,
  description text not null,
  scopes text not null,
  disabled integer not null check (disabled in (0, 1)),
  expires_at integer,
  created_at integer not null,
  created_by text not null,
  updated_at integer not null
) strict, without rowid;
create unique index robots_by_id on robots (id);

-- What people give to their programs in place of a password. scopes is JSON, or null for all that the person may do.
create table personal_tokens (
  id text primary key,
  user_name text not null references users (name) on delete cascade,
  name text not null,
  scopes text,
  management integer not null check (management in (0, 1)),
  expires_at integer,
  created_at integer not null
) strict, without rowid;
create unique index personal_tokens_by_name on personal_tokens (user_name, name);

-- The secrets of robots and personal tokens; two of one holder are good at once while one replaces the other.
create table secrets (
  id text primary key,
  hash text not null,
  robot_name text references robots (name) on delete cascade,
  personal_token text references personal_tokens (id) on delete cascade,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  last_used_at integer,
  last_used_address text,
  last_used_agent text
) strict, without rowid;
create index secrets_by_robot on secrets (robot_name);
create index secrets_by_personal_token on secrets (personal_token);

-- Whose identity tokens are believed without an account: claims are patterns (JSON), keys a JWK set (JSON) or null.
create table trust_rules (
  name text primary key,
  version integer not null,
  issuer text not null,
  audience text not null,
  claims text not null,
  keys text,
  namespace text not null,
  role text not null check (role in ('reader', 'writer', 'maintainer')),
  disabled integer not null check (disabled in (0, 1)),
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

alter table events add column actor_kind text not null default '';
alter table events add column credential text not null default '';
alter table events add column client_address text not null default '';
alter table events add column user_agent text not null default '';
alter table events add column outcome text not null default 'allowed';
create index events_by_time on events (at);
create index events_by_actor on events (actor, id);
create index events_by_repository on events (repository, id);
create index events_by_kind on events (kind, id);
create index events_by_address on events (client_address, id);
create index events_refused on events (id) where outcome = 'refused';
