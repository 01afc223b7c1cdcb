-- One row per activity of a course the viewer of this session may see.
{{ config(meta={'grain': ['activity_id'], 'owner': 'data-team', 'kind': 'aggregate'}) }}

{%- set measures = [
    'learners_count', 'viewed_count', 'completed_count', 'graded_count', 'average_grade_pct',
] %}

with activities as (

    select * from {{ ref('bi_activity_progress') }}

),

final as (

    select
        activity_id,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        activity_name,
        module_name,
        chapter_name,
        sequence_no,
        completion_rule,
        due_at,
        {% for measure in measures %}
            {{ unless_small(measure) }} as {{ measure }},
        {% endfor %}
        is_small
    from activities
    where {{ viewer_sees('activities.course_id') }}

)

select * from final
