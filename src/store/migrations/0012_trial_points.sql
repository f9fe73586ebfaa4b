-- How the trials of a rollout went, gateway by gateway: the evidence against the new bundle over the windows.
CREATE TABLE trial_points (
  rollout_id  TEXT NOT NULL,
  device      TEXT NOT NULL,
  phase       TEXT NOT NULL,
  windows     BIGINT NOT NULL,
  at_ns       BIGINT NOT NULL,
  confidence  DOUBLE PRECISION NOT NULL,
  log10_e     DOUBLE PRECISION NOT NULL,
  log10_limit DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (rollout_id, device, phase, windows)
);
