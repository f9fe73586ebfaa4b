-- Retrainings: one row is one job and, when it is over, the lineage of its model. Nothing is deleted.
CREATE TABLE retrains (
  id TEXT PRIMARY KEY,
  number BIGINT NOT NULL,
  cause TEXT NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  state TEXT NOT NULL,
  words TEXT NOT NULL,
  cancelled_by TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created_ns BIGINT NOT NULL,
  updated_ns BIGINT NOT NULL,
  code_version TEXT NOT NULL,
  parent TEXT NOT NULL,
  data_sha256 TEXT NOT NULL,
  bundle TEXT NOT NULL,
  figures TEXT NOT NULL,
  rollout TEXT NOT NULL
);
CREATE UNIQUE INDEX retrains_by_number ON retrains (number);
