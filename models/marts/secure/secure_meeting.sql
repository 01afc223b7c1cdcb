-- One row per meeting of a course the viewer of this session may see.
{{ config(meta={'grain': ['meeting_id'], 'owner': 'data-team', 'kind': 'aggregate'}) }}

{%- set measures = [
    'unique_participants', 'peak_participants', 'attended_seconds', 'expected_count',
    'attended_count',
] %}

with meetings as (

    select * from {{ ref('bi_meeting') }}

),

course_groups as (

    select * from {{ ref('bi_course_group') }}
    where learner_set = 'course'

),

flagged as (

    select
        meetings.*,
        coalesce(course_groups.is_small, true) as is_withheld
    from meetings
    left join course_groups on meetings.course_id = course_groups.course_id

),

final as (

    select
        meeting_id,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        created_at,
        ended_at,
        is_imputed,
        duration_minutes,
        {% for measure in measures %}
            {{ unless_small(measure, 'is_withheld') }} as {{ measure }},
        {% endfor %}
        is_withheld
    from flagged
    where {{ viewer_sees('flagged.course_id') }}

)

select * from final
