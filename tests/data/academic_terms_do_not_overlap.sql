-- Proves that every day lies in one term at most.
with terms as (

    select * from {{ ref('academic_terms') }}

)

select
    earlier.term_id,
    later.term_id as overlapping_term_id
from terms as earlier
inner join terms as later
    on
        earlier.term_id < later.term_id
        and earlier.start_date <= later.end_date
        and earlier.end_date >= later.start_date
