-- Proves that a minute of the day is that of the reporting time zone; the project's is UTC.
with cases as (

    select *
    from (
        values
        (timestamptz '2026-01-10 00:00:59.999+00', 0),
        (timestamptz '2026-01-10 23:59:00+00', 1439),
        (timestamptz '2026-01-10 10:30:00+02', 510),
        (null, null)
    ) as examples (instant, expected)

)

select *
from cases
where
    '{{ var("reporting_timezone") }}' = 'UTC'
    and {{ time_key('instant') }} is distinct from expected
