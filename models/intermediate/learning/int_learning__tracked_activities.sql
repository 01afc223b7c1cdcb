-- One row per version of an activity that counts for progress: shown to all, with completion on.
with activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current and is_completion_enabled

),

final as (

    select
        activities.activity_id,
        activities.course_id,
        activities.section_id,
        activities.valid_from,
        activities.valid_to,
        -- modules need not be gone from Moodle as soon as their course is
        activities.is_current and not courses.is_deleted as is_current
    from activities
    inner join courses on activities.course_id = courses.course_id
    where
        activities.completion_rule in ('manual', 'automatic')
        and activities.is_visible
        and not activities.is_restricted
        and not activities.is_deleted

)

select * from final
