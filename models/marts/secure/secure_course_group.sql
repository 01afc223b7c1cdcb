-- One row per course and set of its learners the viewer of this session may see.
{{ config(meta={'grain': ['course_group_key'], 'owner': 'data-team', 'kind': 'aggregate'}) }}

{%- set measures = [
    'learners_count', 'started_count', 'completed_count', 'under_way_count', 'left_count',
    'never_started_count', 'average_progress_pct', 'average_grade_pct', 'median_days_to_complete',
] %}

with course_groups as (

    select * from {{ ref('bi_course_group') }}

),

final as (

    select
        course_group_key,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        learner_set,
        group_id,
        group_name,
        {% for measure in measures %}
            {{ unless_small(measure, 'is_withheld') }} as {{ measure }},
        {% endfor %}
        is_withheld
    from course_groups
    where {{ viewer_sees('course_groups.course_id', group_id='course_groups.group_id') }}

)

select * from final
