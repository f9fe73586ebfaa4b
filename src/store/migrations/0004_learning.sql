-- How much data a machine that learns what is normal still needs, in seconds; NULL where it does not learn.
ALTER TABLE machine_state ADD COLUMN learning_left_s DOUBLE PRECISION;
