-- Which gateways a rollout or a schedule is for; what a gateway says it runs on.
ALTER TABLE devices ADD COLUMN hardware TEXT NOT NULL DEFAULT '';
ALTER TABLE rollouts ADD COLUMN cohort TEXT NOT NULL DEFAULT '{}';
ALTER TABLE schedules ADD COLUMN cohort TEXT NOT NULL DEFAULT '{}';
