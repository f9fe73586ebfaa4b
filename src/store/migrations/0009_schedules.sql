-- Rollouts that start by themselves, and when a site's gateways may be given something new.

CREATE TABLE schedules (
  name         TEXT NOT NULL PRIMARY KEY,
  line         TEXT NOT NULL,
  sites        TEXT NOT NULL,
  policy       TEXT NOT NULL,
  zone         TEXT NOT NULL,
  first_day    TEXT NOT NULL,
  time_min     BIGINT NOT NULL,
  every_days   BIGINT NOT NULL,
  paused       BIGINT NOT NULL,
  next_ns      BIGINT NOT NULL,
  created_ns   BIGINT NOT NULL,
  created_by   TEXT NOT NULL,
  last_ns      BIGINT,
  last_outcome TEXT NOT NULL,
  last_words   TEXT NOT NULL,
  last_rollout TEXT NOT NULL
);

CREATE TABLE site_windows (
  site       TEXT NOT NULL PRIMARY KEY,
  windows    TEXT NOT NULL,
  changed_ns BIGINT NOT NULL,
  changed_by TEXT NOT NULL
);
