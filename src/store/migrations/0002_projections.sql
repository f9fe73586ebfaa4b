-- What the API reads. Everything here follows from the rows of `events` and is written in their transaction.

CREATE TABLE assets (
  site          TEXT NOT NULL,
  asset         TEXT NOT NULL,
  area          TEXT NOT NULL,
  name          TEXT NOT NULL,
  device        TEXT NOT NULL,
  machine_class TEXT NOT NULL,
  watch_from    DOUBLE PRECISION NOT NULL,
  classes       TEXT NOT NULL,
  ts_ns         BIGINT NOT NULL,
  info          BYTEA NOT NULL,
  PRIMARY KEY (site, asset)
);

-- ts_ns: the newest step or change seen, device clock; as_of_ns: the same moment on the hub's clock.
CREATE TABLE machine_state (
  site       TEXT NOT NULL,
  asset      TEXT NOT NULL,
  device     TEXT NOT NULL,
  state      BIGINT NOT NULL,
  level      BIGINT NOT NULL,
  fault      TEXT NOT NULL,
  score      DOUBLE PRECISION NOT NULL,
  value      DOUBLE PRECISION,
  value_name TEXT NOT NULL,
  value_unit TEXT NOT NULL,
  ts_ns      BIGINT NOT NULL,
  as_of_ns   BIGINT NOT NULL,
  since_ns   BIGINT NOT NULL,
  spark      BYTEA NOT NULL,
  PRIMARY KEY (site, asset)
);

CREATE TABLE alarms (
  device         TEXT NOT NULL,
  alarm_key      TEXT NOT NULL,
  site           TEXT NOT NULL,
  area           TEXT NOT NULL,
  asset          TEXT NOT NULL,
  level          BIGINT NOT NULL,
  fault          TEXT NOT NULL,
  action         TEXT NOT NULL,
  score          DOUBLE PRECISION NOT NULL,
  model_name     TEXT NOT NULL,
  model_hash     TEXT NOT NULL,
  cause_id       TEXT NOT NULL,
  speed_hz       DOUBLE PRECISION NOT NULL,
  steady         BIGINT NOT NULL,
  decision_ms    DOUBLE PRECISION NOT NULL,
  raised_ns      BIGINT NOT NULL,
  updated_ns     BIGINT NOT NULL,
  cleared_ns     BIGINT,
  arrived_ns     BIGINT NOT NULL,
  evidence_ns    BIGINT NOT NULL,
  evidence_epoch BIGINT NOT NULL,
  evidence_lane  BIGINT NOT NULL,
  evidence_seq   BIGINT NOT NULL,
  PRIMARY KEY (device, alarm_key)
);
CREATE INDEX alarms_by_age ON alarms (raised_ns, device, alarm_key);
CREATE INDEX alarms_by_machine ON alarms (site, asset, raised_ns);
CREATE INDEX alarms_by_state ON alarms (cleared_ns, raised_ns);

CREATE TABLE state_changes (
  device     TEXT NOT NULL,
  epoch      BIGINT NOT NULL,
  lane       BIGINT NOT NULL,
  seq        BIGINT NOT NULL,
  site       TEXT NOT NULL,
  asset      TEXT NOT NULL,
  ts_ns      BIGINT NOT NULL,
  from_state BIGINT NOT NULL,
  to_state   BIGINT NOT NULL,
  reason     TEXT NOT NULL,
  PRIMARY KEY (device, epoch, lane, seq)
);
CREATE INDEX state_changes_by_machine ON state_changes (site, asset, ts_ns);

-- asset empty: the whole device; channel empty: all channels.
CREATE TABLE gaps (
  device   TEXT NOT NULL,
  epoch    BIGINT NOT NULL,
  lane     BIGINT NOT NULL,
  seq      BIGINT NOT NULL,
  site     TEXT NOT NULL,
  asset    TEXT NOT NULL,
  channel  TEXT NOT NULL,
  from_ns  BIGINT NOT NULL,
  to_ns    BIGINT NOT NULL,
  missing  BIGINT NOT NULL,
  cause    TEXT NOT NULL,
  PRIMARY KEY (device, epoch, lane, seq)
);
CREATE INDEX gaps_by_machine ON gaps (site, asset, to_ns);
CREATE INDEX gaps_by_device ON gaps (device, asset, to_ns);

-- Where in time each batch of feature telemetry lies; its content is the event's payload.
CREATE TABLE feature_batches (
  device      TEXT NOT NULL,
  epoch       BIGINT NOT NULL,
  lane        BIGINT NOT NULL,
  seq         BIGINT NOT NULL,
  site        TEXT NOT NULL,
  asset       TEXT NOT NULL,
  from_ns     BIGINT NOT NULL,
  to_ns       BIGINT NOT NULL,
  received_ns BIGINT NOT NULL,
  PRIMARY KEY (device, epoch, lane, seq)
);
CREATE INDEX feature_batches_by_machine ON feature_batches (site, asset, to_ns);
CREATE INDEX feature_batches_by_arrival ON feature_batches (received_ns);

-- The newest of each kind, and the one taken at commissioning.
CREATE TABLE spectra (
  site     TEXT NOT NULL,
  asset    TEXT NOT NULL,
  channel  TEXT NOT NULL,
  kind     BIGINT NOT NULL,
  baseline BIGINT NOT NULL,
  ts_ns    BIGINT NOT NULL,
  payload  BYTEA NOT NULL,
  PRIMARY KEY (site, asset, channel, kind, baseline)
);
