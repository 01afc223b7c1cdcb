-- Proves that epoch seconds become instants in UTC, and that 0 and null mean "not set".
with cases as (

    select *
    from (
        values
        (1767261600, timestamptz '2026-01-01 10:00:00+00'),
        (2147483648, timestamptz '2038-01-19 03:14:08+00'),
        (-1, timestamptz '1969-12-31 23:59:59+00'),
        (0, null),
        (null, null)
    ) as examples (epoch, expected)

)

select *
from cases
where {{ epoch_to_timestamp('epoch') }} is distinct from expected
