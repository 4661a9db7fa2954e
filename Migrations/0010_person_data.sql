-- All that the database holds about one person: the row itself and, from every table that refers to it, the rows that do. What a
-- later migration adds is in it by itself. Hashes, ciphers and whatever is called a token, a password or a secret stay out.

CREATE FUNCTION columns_to_hide(relation regclass) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(attname::text), '{}') FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
        AND (atttypid = 'bytea'::regtype OR attname ~ '(token|password|secret|hash|cipher)')
$$;

CREATE FUNCTION person_data(person bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    result jsonb;
    place  record;
    found  jsonb;
BEGIN
    SELECT jsonb_build_object('users', to_jsonb(u) - columns_to_hide('users')) INTO result FROM users u WHERE id = person;
    IF result IS NULL THEN
        RETURN NULL;
    END IF;
    FOR place IN
        SELECT conrelid::regclass AS relation, relname, attname
        FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE contype = 'f' AND confrelid = 'users'::regclass AND conparentid = 0 AND cardinality(conkey) = 1
        ORDER BY relname, attname
    LOOP
        EXECUTE format('SELECT jsonb_agg(to_jsonb(r) - $2) FROM %s r WHERE r.%I = $1', place.relation, place.attname)
            INTO found USING person, columns_to_hide(place.relation);
        result := result || jsonb_build_object(place.relname || '.' || place.attname, coalesce(found, '[]'));
    END LOOP;
    RETURN result;
END
$$;
