-- Names with passwords, one-time links, more roles, scopes of tokens, and who did what.

ALTER TABLE users DROP CONSTRAINT users_role_check;
ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('admin', 'buyer', 'brand', 'analyst', 'content'));
-- What a person logs in by; null for one who has a Keitaro key alone. `name` may be changed and repeated, this may not.
ALTER TABLE users ADD COLUMN login_name text CHECK (length(login_name) BETWEEN 1 AND 80);
CREATE UNIQUE INDEX users_login_name ON users (lower(login_name));

-- A session opened by password uses the key its person verified last, if there is one.
ALTER TABLE sessions ALTER COLUMN key_id DROP NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id);

-- scrypt (RFC 7914) with the cost it was made with, so that the cost can be raised later.
CREATE TABLE user_passwords (
    user_id     bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    salt        bytea NOT NULL,
    hash        bytea NOT NULL,
    cost        bigint NOT NULL,
    block_size  bigint NOT NULL,
    parallelism bigint NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT now()
);

-- A link that lets its holder choose the password of one account, once.
CREATE TABLE user_invitations (
    token_hash bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX user_invitations_user ON user_invitations (user_id);

-- Tokens made before scopes keep all that they could do.
ALTER TABLE api_tokens ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,write,push,admin}'
    CHECK (scopes <@ '{read,write,push,admin}');
ALTER TABLE api_tokens ALTER COLUMN scopes DROP DEFAULT;
ALTER TABLE api_tokens ADD COLUMN expires_at timestamptz;
ALTER TABLE api_tokens ADD COLUMN last_used_address text;
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- One row for each write and export, and for each token, address and hour in which it was used. A person's name stays when
-- the account is gone.
CREATE TABLE audit_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    user_id      bigint REFERENCES users ON DELETE SET NULL,
    person       text NOT NULL,
    token_id     bigint REFERENCES api_tokens ON DELETE SET NULL,
    action       text NOT NULL,
    object       text NOT NULL DEFAULT '',
    before       text,
    after        text,
    address      text NOT NULL DEFAULT '',
    request_id   text NOT NULL DEFAULT '',
    -- For rows that stand for all uses of an hour.
    window_start timestamptz
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_person ON audit_log (user_id, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE UNIQUE INDEX audit_log_uses ON audit_log (token_id, address, window_start) WHERE window_start IS NOT NULL;
