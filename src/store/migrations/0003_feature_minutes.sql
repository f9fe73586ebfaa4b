-- One row per machine and minute: count, sum, least and greatest of the score and of each signal, packed
-- (src/hub/ingest/minute.h). Long time ranges are drawn from here; it also outlives the batches it was made from.
CREATE TABLE feature_minutes (
  site   TEXT NOT NULL,
  asset  TEXT NOT NULL,
  minute BIGINT NOT NULL,
  data   BYTEA NOT NULL,
  PRIMARY KEY (site, asset, minute)
);
