-- Proves per cohort: bracket is at least classic, rolling is at least classic, rolling never rises
-- with age and bracket, from age 1 on, never falls.
with ages as (

    select
        cohort_type,
        cohort_start_date,
        age,
        max(retained_count) filter (where definition = 'classic') as classic,
        max(retained_count) filter (where definition = 'rolling') as rolling,
        max(retained_count) filter (where definition = 'bracket') as bracket
    from {{ ref('retention_cohort') }}
    group by cohort_type, cohort_start_date, age

),

compared as (

    select
        *,
        lag(rolling) over cohort as rolling_before,
        case when age > 1 then lag(bracket) over cohort end as bracket_before
    from ages
    window cohort as (partition by cohort_type, cohort_start_date order by age)

)

select *
from compared
where
    bracket < classic
    or rolling < classic
    or rolling > rolling_before
    or bracket < bracket_before
