-- One row per activity (course module), including those only the log remembers.
{{
    config(
        indexes=[{'columns': ['activity_id'], 'unique': true}],
        meta={'grain': ['activity_id'], 'owner': 'data-team'},
    )
}}

with activities as (

    select * from {{ ref('int_moodle__activities') }}

),

seen as (

    select * from {{ ref('int_learning__objects_seen') }}
    where object_type = 'activity'

),

final as (

    select
        {{ surrogate_key(['coalesce(activities.activity_id, seen.object_id)']) }} as activity_key,
        coalesce(activities.activity_id, seen.object_id) as activity_id,
        activities.course_id,
        activities.section_id,
        activities.module_name,
        activities.name,
        activities.completion_rule,
        activities.max_grade,
        activities.max_grade is not null as is_graded,
        activities.due_at,
        activities.completion_expected_at,
        coalesce(activities.is_visible, false) as is_visible,
        coalesce(activities.is_deleted, true) as is_deleted,
        activities.activity_id is not null as is_known
    from activities
    full outer join seen on activities.activity_id = seen.object_id

)

select * from final
