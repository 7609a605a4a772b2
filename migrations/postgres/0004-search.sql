-- Same tables, columns and names as ../sqlite/0004-search.sql; a test compares the two. Text is compared byte by byte (collate "C").
-- Everything here can be made again from the charts. The index over it is made by the adapter that searches in it.

-- What each chart can be found by, of its newest version.
create table search_documents (
  repository text collate "C" primary key,
  name text not null,
  description text not null,
  keywords text not null,
  maintainers text not null,
  versions text not null,
  readme text not null
);

-- One row: up to which revision of the catalog the documents have been brought.
create table search_position (
  id bigint primary key check (id = 1),
  revision bigint not null
);
insert into search_position (id, revision) values (1, 0);
