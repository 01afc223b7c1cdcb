-- One row per activity that exists now: what a snapshot watches.
with activities as (

    select * from {{ ref('int_moodle__activities') }}

),

final as (

    select
        activity_id,
        course_id,
        section_id,
        module_name,
        instance_id,
        name,
        completion_rule,
        max_grade,
        due_at,
        completion_expected_at,
        is_visible,
        is_restricted
    from activities
    where not is_deleted

)

select * from final
