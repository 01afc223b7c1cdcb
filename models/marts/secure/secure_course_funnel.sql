-- One row per course and step from enrolment to a passed course the viewer of this session may see.
{{ config(meta={'grain': ['course_id', 'step_no'], 'owner': 'data-team', 'kind': 'aggregate'}) }}

{%- set measures = ['learners_count', 'step_rate', 'overall_rate'] %}

with funnels as (

    select * from {{ ref('bi_course_funnel') }}

),

final as (

    select
        course_id,
        step_no,
        step,
        numbered_step,
        course_name,
        course_code,
        category_name,
        top_category_name,
        {% for measure in measures %}
            {{ unless_small(measure) }} as {{ measure }},
        {% endfor %}
        is_small
    from funnels
    where {{ viewer_sees('funnels.course_id') }}

)

select * from final
