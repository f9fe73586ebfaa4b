-- Events of a gateway that waited for the link, and when the last of them came: what a plant's header says afterwards.
ALTER TABLE devices ADD COLUMN late_events BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN late_ns BIGINT NOT NULL DEFAULT 0;
