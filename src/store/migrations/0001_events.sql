-- Who speaks, what was said, and up to where each lane is complete.
-- Times are UTC nanoseconds; a device's epoch (64 random bits) is stored as the signed number of the same bits.

CREATE TABLE devices (
  device          TEXT NOT NULL PRIMARY KEY,
  site            TEXT NOT NULL,
  online          BIGINT NOT NULL,
  online_since_ns BIGINT NOT NULL,
  last_seen_ns    BIGINT NOT NULL,
  version         TEXT NOT NULL,
  model_name      TEXT NOT NULL,
  model_hash      TEXT NOT NULL,
  health_ns       BIGINT NOT NULL,
  health          BYTEA NOT NULL
);

CREATE TABLE epochs (
  device        TEXT NOT NULL,
  epoch         BIGINT NOT NULL,
  first_seen_ns BIGINT NOT NULL,
  PRIMARY KEY (device, epoch)
);

-- contiguous: every event up to it is here, was purged by retention, or was declared evicted by the device.
-- purged: rows up to it may be gone; what a device sends again from there is known without being compared.
CREATE TABLE lanes (
  device     TEXT NOT NULL,
  epoch      BIGINT NOT NULL,
  lane       BIGINT NOT NULL,
  contiguous BIGINT NOT NULL,
  max_seq    BIGINT NOT NULL,
  stored     BIGINT NOT NULL,
  purged     BIGINT NOT NULL,
  PRIMARY KEY (device, epoch, lane)
);

CREATE TABLE events (
  device      TEXT NOT NULL,
  epoch       BIGINT NOT NULL,
  lane        BIGINT NOT NULL,
  seq         BIGINT NOT NULL,
  kind        TEXT NOT NULL,
  asset       TEXT NOT NULL,
  ts_ns       BIGINT NOT NULL,
  received_ns BIGINT NOT NULL,
  payload     BYTEA NOT NULL,
  PRIMARY KEY (device, epoch, lane, seq)
);

CREATE TABLE evicted (
  device   TEXT NOT NULL,
  epoch    BIGINT NOT NULL,
  lane     BIGINT NOT NULL,
  seq_from BIGINT NOT NULL,
  seq_to   BIGINT NOT NULL,
  PRIMARY KEY (device, epoch, lane, seq_from, seq_to)
);
