-- Proves that a date's key is yyyymmdd, with leading zeros counted and null kept.
with cases as (

    select *
    from (
        values
        (date '2026-01-02', 20260102),
        (date '2024-02-29', 20240229),
        (date '1999-12-31', 19991231),
        (date '0999-01-01', 9990101),
        (null, null)
    ) as examples (day, expected)

)

select *
from cases
where {{ date_key('day') }} is distinct from expected
