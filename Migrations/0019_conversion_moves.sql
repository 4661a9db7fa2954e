-- Statements that change conversions all met on the rows of `conversion_rollups`, each until its commit. They write down what enters
-- and leaves the sums instead; it is added up a moment later, many at a time. A move is either here or in the sums.
CREATE TABLE conversion_moves (
    -- 1: enters the sums, -1: leaves them.
    sign           smallint NOT NULL,
    converted_at   timestamptz NOT NULL,
    profile_id     bigint NOT NULL,
    status         text NOT NULL,
    revenue        numeric NOT NULL,
    revenue_state  text NOT NULL,
    currency       text NOT NULL,
    campaign_id    text NOT NULL,
    offer_id       text NOT NULL,
    country        text NOT NULL,
    traffic_source text NOT NULL
-- All rows go soon: what they leave is cleared by their number, not by the share of a table that is nearly empty.
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1);

-- Moves as the sums take them: for each dimension, in quarters of an hour, and in days of UTC that are over.
CREATE VIEW conversion_moves_summed AS
SELECT date_bin(make_interval(mins => minutes), converted_at, timestamptz '2000-01-01 00:00+00') AS bucket, minutes::smallint AS minutes,
    profile_id, dimension COLLATE "C" AS dimension, value COLLATE "C" AS value, currency COLLATE "C" AS currency,
    status COLLATE "C" AS status, sign::integer AS conversions,
    CASE WHEN revenue_state = 'hold' THEN sign * revenue ELSE 0 END AS revenue_hold,
    CASE WHEN revenue_state = 'confirmed' THEN sign * revenue ELSE 0 END AS revenue_confirmed
FROM conversion_moves
CROSS JOIN LATERAL (VALUES
    ('all', ''), ('campaign', campaign_id), ('country', country), ('source', traffic_source), ('offer', offer_id)
) AS d (dimension, value)
CROSS JOIN (VALUES (15), (1440)) AS m (minutes)
WHERE minutes = 15 OR converted_at < date_trunc('day', now(), 'UTC');

-- What reports read: right at every moment. Of one key there may be several rows.
CREATE VIEW conversion_sums AS
SELECT bucket, minutes, profile_id, dimension, value, currency, status, conversions, revenue_hold, revenue_confirmed
FROM conversion_rollups
UNION ALL
SELECT bucket, minutes, profile_id, dimension, value, currency, status, conversions, revenue_hold, revenue_confirmed
FROM conversion_moves_summed;
