-- What a rollout brings: a model, or a configuration.
ALTER TABLE rollouts ADD COLUMN kind TEXT NOT NULL DEFAULT 'model';
