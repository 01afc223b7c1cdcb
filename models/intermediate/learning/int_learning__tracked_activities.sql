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
        activities.valid_from,
        activities.valid_to
    from activities
    inner join courses on activities.course_id = courses.course_id
    where
        activities.completion_rule in ('manual', 'automatic')
        and activities.is_visible
        and not activities.is_restricted
        and not activities.is_deleted

)

select * from final
