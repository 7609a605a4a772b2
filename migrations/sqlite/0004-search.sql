-- Same tables, columns and names as ../postgres/0004-search.sql; a test compares the two.
-- Everything here can be made again from the charts. The index over it is made by the adapter that searches in it.

-- What each chart can be found by, of its newest version.
create table search_documents (
  repository text primary key,
  name text not null,
  description text not null,
  keywords text not null,
  maintainers text not null,
  versions text not null,
  readme text not null
) strict;

-- One row: up to which revision of the catalog the documents have been brought.
create table search_position (
  id integer primary key check (id = 1),
  revision integer not null
) strict, without rowid;
insert into search_position (id, revision) values (1, 0);
