-- One look at the index for each of `named`, as for `bare`: a list as a condition may be planned as a filter of all that a source has,
-- and grew dearer with the table.
CREATE OR REPLACE FUNCTION begin_conversions(of_source text, bare text[], named text[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF bare IS NULL AND named IS NULL THEN
        RETURN true;
    END IF;
    PERFORM pg_advisory_xact_lock(4, place)
    FROM (SELECT DISTINCT hashtext(base) & 255 AS place FROM unnest(bare || named) base ORDER BY place) places;
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
