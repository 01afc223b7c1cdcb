-- Proves Easter on its earliest (1818, 22 March) and latest day (1943, 2038), where the computus
-- has its exceptions (1954, 1981, 2049, 2076) and on both sides of a century.
with cases as (

    select *
    from (
        values
        (1583, date '1583-04-10'),
        (1818, date '1818-03-22'),
        (1899, date '1899-04-02'),
        (1900, date '1900-04-15'),
        (1943, date '1943-04-25'),
        (1954, date '1954-04-18'),
        (1981, date '1981-04-19'),
        (2000, date '2000-04-23'),
        (2008, date '2008-03-23'),
        (2024, date '2024-03-31'),
        (2025, date '2025-04-20'),
        (2026, date '2026-04-05'),
        (2027, date '2027-03-28'),
        (2038, date '2038-04-25'),
        (2049, date '2049-04-18'),
        (2076, date '2076-04-19'),
        (2100, date '2100-03-28'),
        (null, null)
    ) as examples (year, expected)

)

select *
from cases
where {{ easter_sunday('year') }} is distinct from expected
