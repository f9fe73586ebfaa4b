-- Who was told what. told_level is the level of an alarm up to which it was considered: what is above it is news, found
-- by its index however many alarms there are, and considered in the transaction that writes its deliveries.
ALTER TABLE alarms ADD COLUMN told_level BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alarms_untold ON alarms (arrived_ns) WHERE level > told_level;

-- One message to one receiver: gathering -> queued -> sending -> sent or failed. `items` is JSON: what it tells, at most
-- 50 of `count`. `cause` is what its items have in common.
CREATE TABLE notify_deliveries (
  id         TEXT NOT NULL PRIMARY KEY,
  number     BIGINT NOT NULL UNIQUE,
  route      TEXT NOT NULL,
  channel    TEXT NOT NULL,
  target     TEXT NOT NULL,
  cause      TEXT NOT NULL,
  kind       TEXT NOT NULL,
  level      BIGINT NOT NULL,
  site       TEXT NOT NULL,
  items      TEXT NOT NULL,
  count      BIGINT NOT NULL,
  state      TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  attempt    TEXT NOT NULL,
  created_ns BIGINT NOT NULL,
  due_ns     BIGINT NOT NULL,
  give_up_ns BIGINT NOT NULL,
  updated_ns BIGINT NOT NULL,
  error      TEXT NOT NULL
);
CREATE INDEX notify_deliveries_due ON notify_deliveries (state, due_ns);
CREATE INDEX notify_deliveries_by_receiver ON notify_deliveries (route, target, created_ns);

-- What was considered of things that are no alarms: `mark` is what about the subject was told.
CREATE TABLE notify_told (
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  mark    BIGINT NOT NULL,
  at_ns   BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
);

-- Alarms that somebody else hears of unless they are judged before.
CREATE TABLE notify_escalations (
  device    TEXT NOT NULL,
  alarm_key TEXT NOT NULL,
  route     TEXT NOT NULL,
  due_ns    BIGINT NOT NULL,
  PRIMARY KEY (device, alarm_key, route)
);
CREATE INDEX notify_escalations_due ON notify_escalations (due_ns);
