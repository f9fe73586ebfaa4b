-- Machines that were repaired or replaced. done_ns: when the gateway began to learn anew, its clock; NULL: not yet heard.
-- What the gateway is told has at_ns, which grows from service to service of one machine.
CREATE TABLE services (
  id      TEXT NOT NULL PRIMARY KEY,
  site    TEXT NOT NULL,
  asset   TEXT NOT NULL,
  device  TEXT NOT NULL,
  kind    TEXT NOT NULL,
  from_ns BIGINT NOT NULL,
  to_ns   BIGINT NOT NULL,
  note    TEXT NOT NULL,
  who     TEXT NOT NULL,
  at_ns   BIGINT NOT NULL,
  closed  BIGINT NOT NULL,
  done_ns BIGINT
);
CREATE INDEX services_by_machine ON services (site, asset, at_ns);
CREATE INDEX services_by_state ON services (done_ns, at_ns);

-- Every baseline that was learned, beside `baselines`, which has the newest of each file.
CREATE TABLE baseline_history (
  device     TEXT NOT NULL,
  file       TEXT NOT NULL,
  learned_ns BIGINT NOT NULL,
  site       TEXT NOT NULL,
  asset      TEXT NOT NULL,
  document   BYTEA NOT NULL,
  PRIMARY KEY (device, file, learned_ns)
);
CREATE INDEX baseline_history_by_machine ON baseline_history (site, asset, learned_ns);

-- The service that closed it, empty: its gateway cleared it, or nobody yet.
ALTER TABLE alarms ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
