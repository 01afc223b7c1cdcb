-- One row per course and ISO week the viewer of this session may see.
{{
    config(
        meta={'grain': ['course_id', 'week_start_date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set measures = ['enrolled_count', 'active_count', 'at_risk_count', 'time_spent_seconds'] %}

with weeks as (

    select * from {{ ref('bi_course_week') }}

),

final as (

    select
        course_id,
        week_start_date,
        course_name,
        course_code,
        category_name,
        top_category_name,
        {% for measure in measures %}
            {{ unless_small(measure) }} as {{ measure }},
        {% endfor %}
        is_small
    from weeks
    where {{ viewer_sees('weeks.course_id') }}

)

select * from final
