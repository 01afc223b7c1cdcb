-- Proves that no day between the first and the last is missing, both included.
with days as (

    select
        count(*) as rows_count,
        min(date) as first_date,
        max(date) as last_date
    from {{ ref('dim_date') }}
    where date_key <> 0

)

select *
from days
where
    first_date <> date '{{ var("dim_date_start") }}'
    or last_date <> date '{{ var("dim_date_end") }}'
    or rows_count <> last_date - first_date + 1
