-- What Keitaro's trackers hold, as last read, and which key may see which part of it.
-- A row is never removed because one key's list lacks it: another key may still see it.

CREATE TABLE keitaro_groups (
    tracker_id bigint NOT NULL REFERENCES keitaro_trackers ON DELETE CASCADE,
    keitaro_id bigint NOT NULL,
    name       text NOT NULL,
    PRIMARY KEY (tracker_id, keitaro_id)
);

CREATE TABLE keitaro_campaigns (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tracker_id         bigint NOT NULL REFERENCES keitaro_trackers ON DELETE CASCADE,
    keitaro_id         bigint NOT NULL,
    name               text NOT NULL,
    alias              text,
    -- Keitaro's words: active, disabled, deleted (archived).
    state              text NOT NULL,
    group_id           bigint,
    -- Name, alias and id in lowercase, made by the program: the database's locale may not know Cyrillic.
    search_text        text NOT NULL,
    synced_at          timestamptz NOT NULL,
    streams_fetched_at timestamptz,
    UNIQUE (tracker_id, keitaro_id)
);

CREATE TABLE keitaro_offers (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tracker_id      bigint NOT NULL REFERENCES keitaro_trackers ON DELETE CASCADE,
    keitaro_id      bigint NOT NULL,
    name            text NOT NULL,
    state           text NOT NULL,
    network_name    text,
    payout          numeric,
    payout_currency text,
    search_text     text NOT NULL,
    synced_at       timestamptz NOT NULL,
    UNIQUE (tracker_id, keitaro_id)
);

CREATE TABLE keitaro_campaign_access (
    key_id      bigint NOT NULL REFERENCES keitaro_keys ON DELETE CASCADE,
    campaign_id bigint NOT NULL REFERENCES keitaro_campaigns ON DELETE CASCADE,
    PRIMARY KEY (key_id, campaign_id)
);

CREATE TABLE keitaro_offer_access (
    key_id   bigint NOT NULL REFERENCES keitaro_keys ON DELETE CASCADE,
    offer_id bigint NOT NULL REFERENCES keitaro_offers ON DELETE CASCADE,
    PRIMARY KEY (key_id, offer_id)
);

-- One row a key: when its view of the tracker was last made.
CREATE TABLE keitaro_syncs (
    key_id      bigint PRIMARY KEY REFERENCES keitaro_keys ON DELETE CASCADE,
    finished_at timestamptz NOT NULL,
    campaigns   integer NOT NULL,
    offers      integer NOT NULL
);
