-- Conversions of every source, how they came to be what they are, and their sums.

CREATE TABLE conversions (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source         text NOT NULL,
    -- The source's own name for it, for ever: Keitaro's are `profile:click:tid`.
    external_id    text COLLATE "C" NOT NULL,
    profile_id     bigint,
    click_id       text NOT NULL DEFAULT '',
    -- The first that came; it may join a conversion that began without one.
    transaction_id text NOT NULL DEFAULT '',
    -- registration, deposit, rejected, rebill, or the source's own word.
    status         text NOT NULL,
    revenue        numeric NOT NULL DEFAULT 0,
    -- Rejected revenue is kept and counts for nothing.
    revenue_state  text NOT NULL CHECK (revenue_state IN ('hold', 'confirmed', 'rejected')),
    currency       text NOT NULL DEFAULT '',
    campaign_id    text NOT NULL DEFAULT '',
    offer_id       text NOT NULL DEFAULT '',
    country        text NOT NULL DEFAULT '',
    traffic_source text NOT NULL DEFAULT '',
    is_repeated    boolean NOT NULL DEFAULT false,
    -- Of its first event: the bucket in which it is counted.
    converted_at   timestamptz NOT NULL,
    -- Of the last event that changed it.
    updated_at     timestamptz NOT NULL,
    -- All that belong to it, also those that came too late.
    events         integer NOT NULL DEFAULT 1,
    -- The `event_id` parameters it has seen, where its profile asks for that.
    event_keys     text[],
    UNIQUE (source, external_id)
) WITH (fillfactor = 85);
CREATE INDEX conversions_of_profile ON conversions (profile_id, converted_at);
CREATE INDEX conversions_of_click ON conversions (click_id) WHERE click_id <> '';

CREATE TABLE conversion_transitions (
    -- No foreign key: its check would cost each postback as much as the row.
    conversion_id  bigint NOT NULL,
    event_id       uuid NOT NULL,
    at             timestamptz NOT NULL,
    -- Null: the conversion began with it.
    status_before  text,
    -- What the event said: a rebill adds to a deposit that stays one.
    status_after   text NOT NULL,
    revenue_before numeric,
    revenue_after  numeric NOT NULL,
    -- False: it came too late to change anything, such as a lead after its sale.
    applied        boolean NOT NULL,
    PRIMARY KEY (conversion_id, event_id)
);

-- Sums per bucket: 15 minutes, so that a day can be cut in any time zone, and UTC days. A conversion counts in the bucket of
-- `converted_at`, under its present status; what changes later moves the sums by the difference. Days are summed up when they are
-- over: those in `conversion_days` are whole, other rows of 1440 minutes are not to be read.
CREATE TABLE conversion_rollups (
    bucket     timestamptz NOT NULL,
    -- 15 or 1440
    minutes    smallint NOT NULL,
    profile_id bigint NOT NULL,
    -- all, campaign, country, source, offer
    dimension  text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    currency   text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL,
    conversions integer NOT NULL,
    revenue_hold      numeric NOT NULL,
    revenue_confirmed numeric NOT NULL,
    PRIMARY KEY (profile_id, minutes, dimension, bucket, value, currency, status)
) WITH (fillfactor = 70);

CREATE TABLE conversion_days (
    day       date PRIMARY KEY,
    summed_at timestamptz NOT NULL DEFAULT now()
);

-- What a statement says that met a conversion it could not have seen when it began: the statement is to be sent again.
CREATE FUNCTION send_again() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'another transaction added a row with this key meanwhile' USING ERRCODE = 'serialization_failure';
END
$$;

-- Two transactions that begin conversions of one click at one moment, one without the source's transaction and one with it, share no
-- key and do not see each other. So whoever begins takes the click's lock until the commit, and then looks again with eyes of that
-- moment (a volatile function's): what another has begun meanwhile is to be joined. The locks are 256, for a large batch must not fill
-- the server's table of locks.
--   bare: clicks that had no conversion at all, as the conversion without a transaction is called.
--   named: clicks that had none without a transaction, called alike.
CREATE FUNCTION begin_conversions(of_source text, bare text[], named text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF bare IS NULL AND named IS NULL THEN
        RETURN true;
    END IF;
    PERFORM pg_advisory_xact_lock(4, place)
    FROM (SELECT DISTINCT hashtext(base) & 255 AS place FROM unnest(bare || named) base ORDER BY place) places;
    IF EXISTS (SELECT FROM conversions WHERE source = of_source AND external_id = ANY (named)) THEN
        PERFORM send_again();
    END IF;
    IF bare IS NOT NULL AND EXISTS (
        SELECT FROM unnest(bare) base WHERE (
            SELECT external_id FROM conversions
            WHERE source = of_source AND external_id >= base AND external_id < left(base, -1) || ';'
            ORDER BY external_id LIMIT 1) IS NOT NULL)
    THEN
        PERFORM send_again();
    END IF;
    RETURN true;
END
$$;
