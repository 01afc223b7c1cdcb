-- One row per chapter the viewer of this session may see, and day on which a learner visited it.
{{
    config(
        meta={
            'grain': ['date', 'course_id', 'chapter_id'],
            'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

{%- set measures = [
    'total_time_spent', 'visits_count', 'unique_students', 'eligible_students',
    'retained_students', 'avg_scroll_depth',
] %}

with engagement as (

    select * from {{ ref('bi_chapter_engagement') }}

),

course_groups as (

    select * from {{ ref('bi_course_group') }}
    where learner_set = 'course'

),

flagged as (

    select
        engagement.*,
        coalesce(course_groups.is_small, true) as is_withheld
    from engagement
    left join course_groups on engagement.course_id = course_groups.course_id

),

final as (

    select
        date,
        course_id,
        chapter_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        chapter_place,
        chapter_name,
        chapter_type,
        {% for measure in measures %}
            {{ unless_small(measure, 'is_withheld') }} as {{ measure }},
        {% endfor %}
        is_withheld
    from flagged
    where {{ viewer_sees('flagged.course_id') }}

)

select * from final
