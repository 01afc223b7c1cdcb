-- One row per person whose age is known, as of the last event the warehouse knows.
with births as (

    select * from {{ ref('int_moodle__birth_months') }}

),

site as (

    select {{ local_date('last_seen_at') }} as as_of
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

-- only the month is known: a birthday is over when its month is, so that nobody is called of age
-- too early
ages as (

    select
        births.student_hash,
        extract(
            year from age(site.as_of::timestamp, births.birth_month + interval '1 month')
        )::integer as age_years
    from births
    cross join site
    where births.birth_month <= site.as_of

),

final as (

    select
        student_hash,
        case
            when age_years < 13 then 'under 13'
            when age_years < 16 then '13-15'
            when age_years < 18 then '16-17'
            when age_years < 25 then '18-24'
            when age_years < 35 then '25-34'
            when age_years < 50 then '35-49'
            else '50+'
        end as age_band,
        age_years < {{ var('age_of_majority') }} as is_minor
    from ages

)

select * from final
