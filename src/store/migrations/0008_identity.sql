-- Who may speak to the hub. Secrets are kept as their SHA-256 only; serials and digests are hex.

CREATE TABLE enrol_tokens (
  hash        TEXT NOT NULL PRIMARY KEY,
  device      TEXT NOT NULL,
  replaces    BIGINT NOT NULL,
  created_ns  BIGINT NOT NULL,
  created_by  TEXT NOT NULL,
  expires_ns  BIGINT NOT NULL,
  used_ns     BIGINT,
  used_serial TEXT
);

CREATE TABLE certificates (
  serial      TEXT NOT NULL PRIMARY KEY,
  device      TEXT NOT NULL,
  key_sha256  TEXT NOT NULL,
  pem         TEXT NOT NULL,
  issued_ns   BIGINT NOT NULL,
  expires_ns  BIGINT NOT NULL,
  successor   TEXT,
  revoked_ns  BIGINT,
  reason      TEXT NOT NULL
);
CREATE INDEX certificates_by_device ON certificates (device, issued_ns);

CREATE TABLE revocation_lists (
  number  BIGINT NOT NULL PRIMARY KEY,
  from_ns BIGINT NOT NULL
);

CREATE TABLE access_tokens (
  id         TEXT NOT NULL PRIMARY KEY,
  hash       TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  created_ns BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_ns BIGINT,
  revoked_ns BIGINT
);

CREATE TABLE sessions (
  hash       TEXT NOT NULL PRIMARY KEY,
  token_id   TEXT NOT NULL,
  expires_ns BIGINT NOT NULL
);
