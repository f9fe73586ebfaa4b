-- What is normal for a machine, as its gateway has learned it: for a gateway that takes that one's place. `document` is
-- the gateway's own file; nobody here reads it.
CREATE TABLE baselines (
  device     TEXT NOT NULL,
  file       TEXT NOT NULL,
  asset      TEXT NOT NULL,
  learned_ns BIGINT NOT NULL,
  document   BYTEA NOT NULL,
  PRIMARY KEY (device, file)
);
CREATE INDEX baselines_by_asset ON baselines (device, asset, learned_ns);
