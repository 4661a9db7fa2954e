-- Telegram: chats we know, and messages that wait for their turn in them.

CREATE TABLE telegram_chats (
    chat_id      bigint PRIMARY KEY,
    title        text NOT NULL DEFAULT '',
    -- private, group, supergroup, channel
    kind         text NOT NULL DEFAULT '',
    is_forum     boolean NOT NULL DEFAULT false,
    -- Why the bot that sends can't write there (bot_removed, blocked, not_found, no_rights, …); null: it can.
    problem      text,
    problem_text text,
    problem_at   timestamptz,
    -- Its group became a supergroup.
    migrated_to  bigint,
    -- One process at a time sends to a chat.
    lease_token  bigint NOT NULL DEFAULT 0,
    lease_until  timestamptz,
    -- The queue's next message not before: the pause after a failure, and the limits as they were last seen.
    next_at      timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX telegram_chats_migrated ON telegram_chats (migrated_to) WHERE migrated_to IS NOT NULL;

-- What a bot sent to a chat lately, from the queue and as answers: Telegram's limits of a chat hold for each bot.
CREATE TABLE telegram_sends (
    bot           text NOT NULL,
    chat_id       bigint NOT NULL,
    -- The last minute's, the oldest first: a chat takes one a second, a group 20 a minute.
    recent        timestamptz[] NOT NULL DEFAULT '{}',
    -- Telegram's retry_after.
    flooded_until timestamptz,
    PRIMARY KEY (bot, chat_id)
);

CREATE TABLE telegram_messages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The order within a chat is (ordered_at, id).
    ordered_at  timestamptz NOT NULL DEFAULT now(),
    chat_id     bigint NOT NULL,
    topic_id    bigint,
    -- Who renders it: postback, test, …
    kind        text NOT NULL,
    profile_id  bigint,
    route_id    bigint,
    event_id    uuid,
    language    text NOT NULL DEFAULT 'en',
    is_silent   boolean NOT NULL DEFAULT false,
    -- For kinds that say themselves what to send: {"text", "keyboard"}.
    payload     jsonb,
    -- Later than now for held ones: the end of the quiet hours.
    run_at      timestamptz NOT NULL DEFAULT now(),
    -- waiting, sending (at most one a chat: it may repeat after a crash), sent, digested (told in a digest), failed
    state       text NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sending', 'sent', 'digested', 'failed')),
    -- Held into a digest: sent together with the others when `run_at` comes.
    is_held     boolean NOT NULL DEFAULT false,
    attempts    integer NOT NULL DEFAULT 0,
    -- Of a long message, how many parts the chat has.
    parts_sent  smallint NOT NULL DEFAULT 0,
    -- Telegram's number of the message that told it.
    message_id  bigint,
    -- The message of this table that tells it together with others; set when the digest is decided.
    digest_id   bigint,
    -- Of a digest: quietHoursOver, queueTooLong
    digest_of   text,
    error       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    CHECK ((state IN ('sent', 'digested', 'failed')) = (settled_at IS NOT NULL))
);
CREATE INDEX telegram_messages_waiting ON telegram_messages (chat_id, ordered_at, id)
    WHERE state IN ('waiting', 'sending') AND digest_id IS NULL;
-- One in flight in a chat, whatever its senders believe.
CREATE UNIQUE INDEX telegram_messages_in_flight ON telegram_messages (chat_id) WHERE state = 'sending';
CREATE INDEX telegram_messages_digested ON telegram_messages (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX telegram_messages_event ON telegram_messages (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX telegram_messages_settled ON telegram_messages (settled_at) WHERE settled_at IS NOT NULL;

-- Allotments that processes share: `bot ID` (30 a second), `profile N` (rate_limit_rps).
CREATE TABLE telegram_limits (
    scope   text PRIMARY KEY,
    -- The time at which the next message may go; moved on by each one taken (a leaky bucket).
    next_at timestamptz NOT NULL
);

-- Updates that were taken: each once, whoever polls.
CREATE TABLE telegram_updates (
    bot       text NOT NULL,
    update_id bigint NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, update_id)
);

-- Where a person is in a conversation with the bot.
CREATE TABLE telegram_dialogs (
    bot        text NOT NULL,
    chat_id    bigint NOT NULL,
    person_id  bigint NOT NULL,
    step       text NOT NULL,
    state      jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot, chat_id, person_id)
);

-- Whose Telegram account is whose.
CREATE TABLE telegram_people (
    telegram_id bigint PRIMARY KEY,
    user_id     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name        text NOT NULL DEFAULT '',
    username    text NOT NULL DEFAULT '',
    linked_at   timestamptz NOT NULL DEFAULT now()
);

-- In which groups and channels a linked person was seen: they added the bot, wrote it a command or pressed a button there. Such chats
-- they may choose for their postbacks.
CREATE TABLE telegram_chat_people (
    telegram_id bigint NOT NULL REFERENCES telegram_people ON DELETE CASCADE,
    chat_id     bigint NOT NULL,
    seen_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (telegram_id, chat_id)
);

-- One-time words for t.me/bot?start=…, made on the settings page.
CREATE TABLE telegram_link_codes (
    code_hash  bytea PRIMARY KEY,
    user_id    bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

-- The seed's log: what was received, with what became of its message.
CREATE VIEW keitaro_events AS
SELECT e.*,
    (e.outcome = 'duplicate' OR coalesce(m.settled, true)) AS processed,
    m.error
FROM postback_events e
LEFT JOIN LATERAL (
    SELECT bool_and(state IN ('sent', 'digested')) AS settled, max(error) FILTER (WHERE state <> 'sent') AS error
    FROM telegram_messages WHERE event_id = e.id
) m ON true;
