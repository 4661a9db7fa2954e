-- People, how they prove who they are, and what limits guessing.

CREATE TABLE users (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    role        text NOT NULL DEFAULT 'buyer' CHECK (role IN ('admin', 'buyer')),
    language    text CHECK (language IN ('en', 'uk', 'ru')),
    theme       text CHECK (theme IN ('light', 'dark')),
    disabled_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE keitaro_trackers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    url        text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A key is found by a keyed hash and read back from AES-256-GCM; the key itself is in no column.
CREATE TABLE keitaro_keys (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    tracker_id  bigint NOT NULL REFERENCES keitaro_trackers ON DELETE CASCADE,
    key_lookup  bytea NOT NULL,
    key_cipher  bytea NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT now(),
    -- Set when Keitaro answers 401 to it, cleared by the next login with it.
    refused_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tracker_id, key_lookup)
);
CREATE INDEX keitaro_keys_user ON keitaro_keys (user_id);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    key_id     bigint NOT NULL REFERENCES keitaro_keys ON DELETE CASCADE,
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Nil: the token uses the key of its user, or, for an administrator, the one last verified.
    key_id       bigint REFERENCES keitaro_keys ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- Failed logins per address and fifteen minutes, shared by all processes.
CREATE TABLE login_failures (
    address      text NOT NULL,
    window_start timestamptz NOT NULL,
    failures     integer NOT NULL,
    PRIMARY KEY (address, window_start)
);
CREATE INDEX login_failures_age ON login_failures (window_start);
