-- What people see of a rollout: where each gateway stands without reading its details, who let the last wave begin, and
-- what happened, by rollout.
ALTER TABLE job_executions ADD COLUMN phase TEXT NOT NULL DEFAULT '';
ALTER TABLE rollouts ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_by_subject ON audit (subject, id);
