-- Keitaro's S2S postbacks: profiles, routes, what was received.

-- Landing pages of the mirror, for postbacks name them by id alone.
CREATE TABLE keitaro_landings (
    tracker_id bigint NOT NULL REFERENCES keitaro_trackers ON DELETE CASCADE,
    keitaro_id bigint NOT NULL,
    name       text NOT NULL,
    PRIMARY KEY (tracker_id, keitaro_id)
);

CREATE TABLE keitaro_profiles (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id       bigint REFERENCES users ON DELETE SET NULL,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- Whose names and whose conversion log belong to it.
    tracker_id    bigint REFERENCES keitaro_trackers ON DELETE SET NULL,
    -- Reads the conversion log; null: no reconciliation.
    key_id        bigint REFERENCES keitaro_keys ON DELETE SET NULL,
    -- A keyed hash to find it, AES-256-GCM to show it.
    secret_lookup bytea NOT NULL UNIQUE,
    secret_cipher bytea NOT NULL,
    -- The secret before the last rotation, accepted until then.
    old_secret_lookup bytea UNIQUE,
    -- So that a new SECRET_KEY can look for it too.
    old_secret_cipher bytea,
    old_secret_until  timestamptz,
    chat_id       bigint,
    topic_id      bigint,
    language      text NOT NULL DEFAULT 'ru' CHECK (language IN ('en', 'uk', 'ru')),
    enabled       boolean NOT NULL DEFAULT true,
    -- The end of its last pause: what came before says nothing about silence. Null: never paused.
    resumed_at    timestamptz,
    rate_limit_rps integer NOT NULL DEFAULT 27 CHECK (rate_limit_rps BETWEEN 1 AND 1000),
    dedup_ttl_sec  integer NOT NULL DEFAULT 3600 CHECK (dedup_ttl_sec BETWEEN 0 AND 2592000),
    -- {"qualified": "registration", …}: Keitaro's or the network's word to ours.
    status_mappings jsonb NOT NULL DEFAULT '{}',
    -- {"registration": "update", …}: what a further postback does to its conversion.
    policies      jsonb NOT NULL DEFAULT '{}',
    -- {"registration": "…", …}: instead of the usual text.
    templates     jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE keitaro_routes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id  bigint NOT NULL REFERENCES keitaro_profiles ON DELETE CASCADE,
    name        text NOT NULL DEFAULT '',
    priority    integer NOT NULL DEFAULT 100,
    match_kind  text NOT NULL CHECK (match_kind IN ('campaign_id', 'source', 'any')),
    match_value text NOT NULL DEFAULT '',
    -- Empty: all.
    statuses    text[] NOT NULL DEFAULT '{}',
    countries   text[] NOT NULL DEFAULT '{}',
    chat_id     bigint NOT NULL,
    topic_id    bigint,
    -- Null: the profile's.
    language    text CHECK (language IN ('en', 'uk', 'ru')),
    -- Minutes of the day in the zone; both or none.
    quiet_from  smallint CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until smallint CHECK (quiet_until BETWEEN 0 AND 1439),
    quiet_zone  text NOT NULL DEFAULT 'UTC',
    quiet_mode  text NOT NULL DEFAULT 'silent' CHECK (quiet_mode IN ('silent', 'digest')),
    -- Whether the routes after it are looked at too.
    continues   boolean NOT NULL DEFAULT false,
    enabled     boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CHECK ((match_kind = 'any') = (match_value = ''))
);
CREATE INDEX keitaro_routes_of_profile ON keitaro_routes (profile_id, priority, id);

-- Each request with a good secret. Ids and times are made before it is stored, so a replay of the journal finds its own row.
CREATE TABLE postback_events (
    id              uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    profile_id      bigint NOT NULL,
    -- keitaro, test, replay, recovered
    origin          text NOT NULL,
    replay_of       uuid,
    -- accepted, unmapped (announced as itself), duplicate, ignored (by the profile's policy)
    outcome         text NOT NULL,
    status          text NOT NULL,
    original_status text NOT NULL,
    click_id        text NOT NULL,
    transaction_id  text NOT NULL,
    campaign_id     text NOT NULL,
    campaign_name   text NOT NULL,
    offer_id        text NOT NULL,
    offer_name      text NOT NULL,
    landing_id      text NOT NULL,
    landing_name    text NOT NULL,
    country         text NOT NULL,
    source          text NOT NULL,
    creative_id     text NOT NULL,
    revenue         numeric,
    payout          numeric,
    currency        text NOT NULL,
    reason          text NOT NULL,
    conversion_id   bigint,
    -- All that was sent, unknown fields too, under the names it was sent with.
    fields          jsonb NOT NULL,
    -- {"method", "target", "headers", "body"} without secrets
    raw             jsonb NOT NULL,
    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
-- Empty, but for clocks that stood years away.
CREATE TABLE postback_events_rest PARTITION OF postback_events DEFAULT;
CREATE INDEX postback_events_of_profile ON postback_events (profile_id, created_at DESC);
CREATE INDEX postback_events_click ON postback_events (click_id) WHERE click_id <> '';
CREATE INDEX postback_events_replays ON postback_events (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX postback_events_transaction ON postback_events (transaction_id) WHERE transaction_id <> '';

-- Weeks from Monday, UTC. Made ahead, for a row that finds none falls into the rest.
CREATE FUNCTION make_postback_week(monday date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text := 'postback_events_' || to_char(monday, 'YYYYMMDD');
    first timestamptz := monday::timestamp AT TIME ZONE 'UTC';
    after timestamptz := (monday + 7)::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE postback_events INCLUDING DEFAULTS INCLUDING INDEXES)', name);
    EXECUTE format(
        'WITH moved AS (DELETE FROM postback_events_rest WHERE created_at >= $1 AND created_at < $2 RETURNING *) '
        'INSERT INTO %I SELECT * FROM moved', name) USING first, after;
    EXECUTE format('ALTER TABLE postback_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, after);
    RETURN true;
END
$$;
SELECT make_postback_week(date_trunc('week', now() AT TIME ZONE 'UTC')::date + 7 * week) FROM generate_series(-1, 8) week;

-- Weeks that ended before so many days go as a whole. Returns how many rows they held.
CREATE FUNCTION drop_postback_weeks(days integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    week  regclass;
    held  bigint;
    total bigint := 0;
BEGIN
    SET LOCAL lock_timeout = '3s';
    FOR week IN
        SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'postback_events'::regclass AND relname ~ '^postback_events_[0-9]{8}$'
            AND to_date(right(relname, 8), 'YYYYMMDD') + 7 <= (now() AT TIME ZONE 'UTC')::date - days
        ORDER BY relname
    LOOP
        BEGIN
            EXECUTE format('SELECT count(*) FROM %s', week) INTO held;
            EXECUTE format('DROP TABLE %s', week);
            total := total + held;
        EXCEPTION WHEN lock_not_available THEN
            EXIT;
        END;
    END LOOP;
    RETURN total;
END
$$;

-- The last postback that counted, per key: within the profile's `dedup_ttl_sec` the next with the same one is a duplicate.
CREATE TABLE postback_dedup (
    profile_id     bigint NOT NULL,
    click_id       text COLLATE "C" NOT NULL,
    transaction_id text COLLATE "C" NOT NULL,
    status         text COLLATE "C" NOT NULL,
    event_id       uuid NOT NULL,
    seen_at        timestamptz NOT NULL,
    -- Of the profile at that time.
    ttl            interval NOT NULL,
    PRIMARY KEY (profile_id, click_id, transaction_id, status)
) WITH (fillfactor = 90);
CREATE INDEX postback_dedup_age ON postback_dedup USING brin (seen_at);

-- Requests with a wrong or disabled secret, the newest few thousand.
CREATE TABLE postback_refusals (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    -- bad_secret, disabled
    outcome    text NOT NULL,
    profile_id bigint,
    address    text NOT NULL,
    raw        jsonb NOT NULL
);
CREATE INDEX postback_refusals_age ON postback_refusals (at);

INSERT INTO retention_rules (name, keep_days)
VALUES ('postback_events', 180), ('postback_dedup', 31), ('postback_refusals', 30), ('telegram_messages', 90), ('telegram_updates', 8);
