-- Flows, their offers with the draft beside what Keitaro held at the last fetch, pushes, and kept reports.

CREATE TABLE keitaro_flows (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id      bigint NOT NULL REFERENCES keitaro_campaigns ON DELETE CASCADE,
    keitaro_id       bigint NOT NULL,
    name             text NOT NULL,
    type             text NOT NULL,
    schema           text NOT NULL,
    state            text NOT NULL,
    position         integer NOT NULL,
    weight           double precision,
    filters          jsonb NOT NULL DEFAULT '[]',
    fetched_at       timestamptz NOT NULL,
    -- Keitaro no longer lists this flow in its campaign; kept because pushes speak of it.
    gone_at          timestamptz,
    -- Grows with every edit; a push names the one it was made from.
    revision         bigint NOT NULL DEFAULT 0,
    draft_user_id    bigint REFERENCES users ON DELETE SET NULL,
    draft_at         timestamptz,
    -- What Keitaro holds now, when that is neither the base nor the draft: the flow is in conflict until it is resolved.
    theirs           jsonb,
    theirs_at        timestamptz,
    -- The draft that Cancel last dropped, for its undo.
    cancelled_draft  jsonb,
    UNIQUE (campaign_id, keitaro_id)
);

-- share beside base_share is the draft: equal means untouched, base_share null means added, share null means removed.
CREATE TABLE keitaro_flow_offers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flow_id     bigint NOT NULL REFERENCES keitaro_flows ON DELETE CASCADE,
    -- Keitaro's offer id; its mirror row may be missing when the key may not see that offer.
    offer_id    bigint NOT NULL,
    position    integer NOT NULL,
    base_share  integer,
    share       integer,
    is_disabled boolean NOT NULL DEFAULT false,
    is_pinned   boolean NOT NULL DEFAULT false,
    -- Set by hand in this draft, as opposed to recounted along with another row.
    is_edited   boolean NOT NULL DEFAULT false,
    UNIQUE (flow_id, offer_id),
    CHECK (base_share IS NOT NULL OR share IS NOT NULL)
);

CREATE TABLE keitaro_pushes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flow_id    bigint NOT NULL REFERENCES keitaro_flows ON DELETE CASCADE,
    user_id    bigint REFERENCES users ON DELETE SET NULL,
    key_id     bigint REFERENCES keitaro_keys ON DELETE SET NULL,
    request_id text NOT NULL,
    revision   bigint NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'pushed', 'conflict', 'failed')),
    -- Offer sets as [{"offer_id", "name", "share", "is_active"}]: before, what was meant, what Keitaro answered.
    before     jsonb NOT NULL,
    after      jsonb NOT NULL,
    answer     jsonb,
    -- Why it did not go through: {"kind", ...facts}; the sentence is made in the reader's language.
    problem    jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    undone_at  timestamptz,
    CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX keitaro_pushes_flow ON keitaro_pushes (flow_id, id DESC);
CREATE UNIQUE INDEX keitaro_pushes_one_waiting ON keitaro_pushes (flow_id) WHERE state = 'waiting';

-- The last answer to each report a key has asked for: shared by processes, shown dated while Keitaro is away.
CREATE TABLE keitaro_reports (
    key_id     bigint NOT NULL REFERENCES keitaro_keys ON DELETE CASCADE,
    question   text NOT NULL,
    rows       jsonb NOT NULL,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, question)
);

-- The campaign list counts drafts on every view.
CREATE INDEX keitaro_flow_offers_drafts ON keitaro_flow_offers (flow_id) WHERE share IS DISTINCT FROM base_share;
