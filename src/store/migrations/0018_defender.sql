-- Device Defender: settings are documents (JSON) by kind and name; a report is one row with its values.
CREATE TABLE defender_documents (
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  version     BIGINT NOT NULL,
  body        TEXT NOT NULL,
  created_ns  BIGINT NOT NULL,
  modified_ns BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);

CREATE TABLE defender_targets (
  profile TEXT NOT NULL,
  target  TEXT NOT NULL,
  PRIMARY KEY (profile, target)
);

CREATE TABLE defender_group_members (
  thing_group TEXT NOT NULL,
  thing       TEXT NOT NULL,
  added_ns    BIGINT NOT NULL,
  PRIMARY KEY (thing_group, thing)
);
CREATE INDEX defender_groups_by_thing ON defender_group_members (thing);

CREATE TABLE defender_reports (
  thing     TEXT NOT NULL,
  at_ns     BIGINT NOT NULL,
  report_id BIGINT NOT NULL,
  body      TEXT NOT NULL,
  PRIMARY KEY (thing, at_ns)
);
CREATE INDEX defender_reports_by_time ON defender_reports (at_ns);

CREATE TABLE defender_violations (
  id           TEXT NOT NULL PRIMARY KEY,
  thing        TEXT NOT NULL,
  profile      TEXT NOT NULL,
  behavior     TEXT NOT NULL,
  criteria     TEXT NOT NULL,
  value        TEXT NOT NULL,
  began_ns     BIGINT NOT NULL,
  ended_ns     BIGINT,
  verification TEXT NOT NULL,
  note         TEXT NOT NULL
);
CREATE INDEX defender_violations_active ON defender_violations (ended_ns, thing, profile, behavior);

CREATE TABLE defender_violation_events (
  number    BIGINT NOT NULL PRIMARY KEY,
  violation TEXT NOT NULL,
  type      TEXT NOT NULL,
  at_ns     BIGINT NOT NULL,
  value     TEXT NOT NULL
);
CREATE INDEX defender_violation_events_by_time ON defender_violation_events (at_ns);
CREATE INDEX defender_violation_events_by_violation ON defender_violation_events (violation);
