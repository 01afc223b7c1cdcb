-- Of the learners who began in the same week, how many still come week by week?
{%- set last_week = 8 %}

with retention as (

    select * from {{ ref('retention_cohort') }}
    where cohort_type = 'first activity week'

),

-- a week that is not over yet says nothing: its cell stays empty
final as (

    select
        definition,
        cohort_start_date,
        max(cohort_size) as cohort_size,
        {% for week in range(last_week + 1) -%}
            max(retention_rate) filter (where age = {{ week }} and is_complete)
                as week_{{ week }},
        {% endfor -%}
        bool_or(is_small) as is_small
    from retention
    group by definition, cohort_start_date
    order by definition, cohort_start_date

)

select * from final
