-- What people say of alarms and of stretches of a machine's life. Acts and labels are only ever added; an act that was
-- taken back says so. `judgements` follows from them and from nothing else.

CREATE TABLE acts (
  id        TEXT NOT NULL PRIMARY KEY,
  digest    TEXT NOT NULL,
  kind      TEXT NOT NULL,
  who       TEXT NOT NULL,
  at_ns     BIGINT NOT NULL,
  undone_ns BIGINT
);
CREATE INDEX acts_by_time ON acts (at_ns);

-- alarm_key empty: a range. end_ns NULL: until the alarm clears.
CREATE TABLE labels (
  act        TEXT NOT NULL,
  number     BIGINT NOT NULL,
  site       TEXT NOT NULL,
  asset      TEXT NOT NULL,
  device     TEXT NOT NULL,
  alarm_key  TEXT NOT NULL,
  start_ns   BIGINT NOT NULL,
  end_ns     BIGINT,
  rating     TEXT NOT NULL,
  verdict    TEXT NOT NULL,
  fault      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  note       TEXT NOT NULL,
  source     TEXT NOT NULL,
  said_fault TEXT NOT NULL,
  said_level BIGINT NOT NULL,
  score      DOUBLE PRECISION NOT NULL,
  model_name TEXT NOT NULL,
  model_hash TEXT NOT NULL,
  who        TEXT NOT NULL,
  arrived_ns BIGINT NOT NULL,
  at_ns      BIGINT NOT NULL,
  undone_ns  BIGINT,
  PRIMARY KEY (act, number)
);
CREATE INDEX labels_by_alarm ON labels (device, alarm_key, at_ns);
CREATE INDEX labels_by_machine ON labels (site, asset, start_ns);
CREATE INDEX labels_by_time ON labels (at_ns, act, number);

-- until_ns NULL: until the machine is repaired.
CREATE TABLE shelvings (
  act       TEXT NOT NULL,
  device    TEXT NOT NULL,
  alarm_key TEXT NOT NULL,
  until_ns  BIGINT,
  reason    TEXT NOT NULL,
  who       TEXT NOT NULL,
  at_ns     BIGINT NOT NULL,
  undone_ns BIGINT,
  PRIMARY KEY (act, device, alarm_key)
);
CREATE INDEX shelvings_by_alarm ON shelvings (device, alarm_key, at_ns);

CREATE TABLE questions (
  act       TEXT NOT NULL,
  device    TEXT NOT NULL,
  alarm_key TEXT NOT NULL,
  note      TEXT NOT NULL,
  who       TEXT NOT NULL,
  at_ns     BIGINT NOT NULL,
  undone_ns BIGINT,
  PRIMARY KEY (act, device, alarm_key)
);
CREATE INDEX questions_by_alarm ON questions (device, alarm_key, at_ns);

-- Where each alarm stands. shelved_until_ns: 0 not shelved, the largest number until repaired; asked_ns 0: nobody is asked.
CREATE TABLE judgements (
  device           TEXT NOT NULL,
  alarm_key        TEXT NOT NULL,
  verdict          TEXT NOT NULL,
  rating           TEXT NOT NULL,
  fault            TEXT NOT NULL,
  reason           TEXT NOT NULL,
  note             TEXT NOT NULL,
  who              TEXT NOT NULL,
  at_ns            BIGINT NOT NULL,
  act              TEXT NOT NULL,
  opinions         BIGINT NOT NULL,
  agreed           BIGINT NOT NULL,
  shelved_until_ns BIGINT NOT NULL,
  shelved_by       TEXT NOT NULL,
  asked_ns         BIGINT NOT NULL,
  asked_by         TEXT NOT NULL,
  question         TEXT NOT NULL,
  PRIMARY KEY (device, alarm_key)
);
CREATE INDEX judgements_by_time ON judgements (at_ns);
