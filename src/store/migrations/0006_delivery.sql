-- Models on their way to gateways. A job is one order to many devices; an execution is one of them.

CREATE TABLE rollouts (
  id          TEXT NOT NULL PRIMARY KEY,
  target      TEXT NOT NULL,
  pack_sha256 TEXT NOT NULL,
  digest      TEXT NOT NULL,
  name        TEXT NOT NULL,
  version     TEXT NOT NULL,
  line        TEXT NOT NULL,
  release_no  BIGINT NOT NULL,
  state       TEXT NOT NULL,
  wave        BIGINT NOT NULL,
  wave_ns     BIGINT NOT NULL,
  policy      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  created_ns  BIGINT NOT NULL,
  created_by  TEXT NOT NULL,
  ended_ns    BIGINT
);

CREATE TABLE rollout_devices (
  rollout_id TEXT NOT NULL,
  device     TEXT NOT NULL,
  site       TEXT NOT NULL,
  wave       BIGINT NOT NULL,
  PRIMARY KEY (rollout_id, device)
);

CREATE TABLE job_executions (
  device        TEXT NOT NULL,
  job_id        TEXT NOT NULL,
  rollout_id    TEXT NOT NULL,
  status        TEXT NOT NULL,
  details       TEXT NOT NULL,
  version       BIGINT NOT NULL,
  number        BIGINT NOT NULL,
  queued_ns     BIGINT NOT NULL,
  started_ns    BIGINT NOT NULL,
  updated_ns    BIGINT NOT NULL,
  deadline_ns   BIGINT NOT NULL,
  document      TEXT NOT NULL,
  PRIMARY KEY (device, job_id)
);
CREATE INDEX job_executions_by_rollout ON job_executions (rollout_id, status);
CREATE INDEX job_executions_pending ON job_executions (status, deadline_ns);

CREATE TABLE audit (
  id      BIGINT NOT NULL PRIMARY KEY,
  at_ns   BIGINT NOT NULL,
  who     TEXT NOT NULL,
  what    TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail  TEXT NOT NULL
);
