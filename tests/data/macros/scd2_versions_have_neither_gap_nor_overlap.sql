-- Proves that versions follow one another per key, that the first reaches back to 1970 and the last
-- is open, and that a deletion is a version of its own, out of which a record may come back.
with history as (

    select *
    from (
        values
        ('a', 'a1', timestamptz '2026-01-01 00:00:00+00', 'False'),
        ('a', 'a3', timestamptz '2026-03-01 00:00:00+00', 'True'),
        ('a', 'a2', timestamptz '2026-02-01 00:00:00+00', 'False'),
        ('a', 'a4', timestamptz '2026-04-01 00:00:00+00', 'False'),
        ('b', 'b1', timestamptz '2026-02-15 00:00:00+00', 'False')
    ) as examples (id, state, dbt_valid_from, dbt_is_deleted)

),

versions as (

    {{ scd2_versions('history', 'id') }}

),

expected as (

    select *
    from (
        values
        ('a1', '1970-01-01 00:00:00+00', '2026-02-01 00:00:00+00', false, false),
        ('a2', '2026-02-01 00:00:00+00', '2026-03-01 00:00:00+00', false, false),
        ('a3', '2026-03-01 00:00:00+00', '2026-04-01 00:00:00+00', false, true),
        ('a4', '2026-04-01 00:00:00+00', '9999-12-31 00:00:00+00', true, false),
        ('b1', '1970-01-01 00:00:00+00', '9999-12-31 00:00:00+00', true, false)
    ) as examples (state, valid_from, valid_to, is_current, is_deleted)

)

select
    coalesce(versions.state, expected.state) as state,
    versions.valid_from,
    versions.valid_to
from versions
full outer join expected on versions.state = expected.state
where
    (versions.valid_from, versions.valid_to, versions.is_current, versions.is_deleted)
    is distinct from
    (
        expected.valid_from::timestamptz,
        expected.valid_to::timestamptz,
        expected.is_current,
        expected.is_deleted
    )
