-- Proves where a clock begins to be wrong; both limits are still right.
with cases as (

    select *
    from (
        values
        (timestamptz '2000-01-01 00:00:00+00', false),
        (timestamptz '1999-12-31 23:59:59+00', true),
        (timestamptz '2026-01-11 10:00:00+00', false),
        (timestamptz '2026-01-11 10:00:01+00', true),
        (null, false)
    ) as examples (occurred_at, expected)

)

select *
from cases
where
    {{ is_misdated('occurred_at', "timestamptz '2026-01-10 10:00:00+00'") }}
    is distinct from expected
