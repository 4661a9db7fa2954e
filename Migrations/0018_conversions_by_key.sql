-- One look at the index for each of `named`, as for `bare`: a list as a condition may be planned as a filter of all that a source has,
-- and grew dearer with the table.
--
-- Only whoever begins a click's conversion without a transaction keeps others out: conversions that are called differently are no
-- matter to each other, and of those that are called alike the index lets one in. So those with a transaction share the lock.
CREATE OR REPLACE FUNCTION begin_conversions(of_source text, bare text[], named text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF bare IS NULL AND named IS NULL THEN
        RETURN true;
    END IF;
    PERFORM CASE WHEN is_alone THEN pg_advisory_xact_lock(4, place) ELSE pg_advisory_xact_lock_shared(4, place) END
    FROM (
        SELECT hashtext(base) & 255 AS place, bool_or(is_bare) AS is_alone
        FROM (SELECT unnest(bare), true UNION ALL SELECT unnest(named), false) begun (base, is_bare)
        GROUP BY place ORDER BY place
    ) places;
    IF EXISTS (
        SELECT FROM unnest(named) name WHERE (
            SELECT external_id FROM conversions WHERE source = of_source AND external_id = name LIMIT 1) IS NOT NULL)
    THEN
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
