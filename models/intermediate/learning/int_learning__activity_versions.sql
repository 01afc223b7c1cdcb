-- One row per version of an activity that a snapshot saw, with the key facts point at.
with versions as (

    {{ scd2_versions(ref('snap_moodle__activities'), 'activity_id') }}

),

final as (

    select
        {{ version_key('activity_id', 'valid_from') }} as activity_key,
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
        is_restricted,
        is_deleted,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from final
