-- People: argon2id hashes and a role for each plant ('*': for all). A session belongs to a token or to a person.

CREATE TABLE people (
  name        TEXT NOT NULL PRIMARY KEY,
  display     TEXT NOT NULL,
  hash        TEXT NOT NULL,
  created_ns  BIGINT NOT NULL,
  created_by  TEXT NOT NULL,
  disabled_ns BIGINT
);

CREATE TABLE people_roles (
  person TEXT NOT NULL,
  site   TEXT NOT NULL,
  role   TEXT NOT NULL,
  PRIMARY KEY (person, site)
);

ALTER TABLE sessions ADD COLUMN person TEXT NOT NULL DEFAULT '';
