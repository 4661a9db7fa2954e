-- Keitaro's own log beside ours, and profiles that fell silent.

CREATE TABLE keitaro_reconciliations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id  bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    -- A day of UTC.
    day         date NOT NULL,
    theirs      integer NOT NULL,
    ours        integer NOT NULL,
    matching    integer NOT NULL,
    checked_at  timestamptz NOT NULL DEFAULT now(),
    -- Why the log could not be read; the counts are then of the last time it could.
    error       text,
    -- 2 or 5 percent passed…
    passed      smallint NOT NULL DEFAULT 0,
    -- …and announced, once each; less than `passed`: there is nobody to tell.
    warned      smallint NOT NULL DEFAULT 0,
    UNIQUE (profile_id, day)
);

CREATE TABLE keitaro_differences (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id     bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    day            date NOT NULL,
    -- never_arrived, status_lag, amount, unknown_click
    kind           text NOT NULL,
    click_id       text NOT NULL,
    transaction_id text NOT NULL DEFAULT '',
    theirs         jsonb NOT NULL,
    ours           jsonb,
    found_at       timestamptz NOT NULL DEFAULT now(),
    -- Filled in by us, or gone by itself.
    recovered_at   timestamptz,
    settled_at     timestamptz,
    -- What fills it in, written before there is such an event.
    event_id       uuid,
    UNIQUE NULLS NOT DISTINCT (profile_id, day, kind, click_id, transaction_id)
);

CREATE TABLE keitaro_silences (
    profile_id   bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    -- The last conversion before it: one silence is announced once.
    silent_since timestamptz NOT NULL,
    -- Null: there is nobody to tell.
    announced_at timestamptz,
    ended_at     timestamptz,
    PRIMARY KEY (profile_id, silent_since)
);

-- Where a profile's URL stands in Keitaro, put there by us or found there.
CREATE TABLE keitaro_installations (
    profile_id bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    -- campaign, source
    kind       text NOT NULL CHECK (kind IN ('campaign', 'source')),
    keitaro_id bigint NOT NULL,
    name       text NOT NULL DEFAULT '',
    -- Keitaro's words; a conversion of another status is not sent.
    statuses   text[] NOT NULL DEFAULT '{}',
    -- Conversions before it are not expected to have arrived.
    since      timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    -- It was no longer there when Keitaro was last asked.
    gone_at    timestamptz,
    PRIMARY KEY (profile_id, kind, keitaro_id)
);

-- Orders to put a profile's URL into Keitaro, for the outbox.
CREATE TABLE keitaro_installation_orders (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('campaign', 'source')),
    keitaro_id bigint NOT NULL,
    method     text NOT NULL CHECK (method IN ('GET', 'POST')),
    statuses   text[] NOT NULL,
    -- The desk's address in the URL; the secret is the profile's.
    base       text NOT NULL,
    -- What was shown to whoever ordered it.
    revision   text NOT NULL,
    key_id     bigint REFERENCES keitaro_keys ON DELETE SET NULL,
    user_id    bigint REFERENCES users ON DELETE SET NULL,
    request_id text NOT NULL DEFAULT '',
    -- A PUT was sent; its answer may be lost.
    was_sent   boolean NOT NULL DEFAULT false,
    -- waiting, installed, changed (something else is there than was shown), failed
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'installed', 'changed', 'failed')),
    problem    jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz
);
CREATE INDEX keitaro_installation_orders_of_profile ON keitaro_installation_orders (profile_id, id DESC);
CREATE INDEX keitaro_differences_of_day ON keitaro_differences (profile_id, day, settled_at);

INSERT INTO retention_rules (name, keep_days) VALUES ('keitaro_differences', 180);
