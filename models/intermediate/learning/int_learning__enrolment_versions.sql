-- One row per version of an enrolment that a snapshot saw: when it was suspended, or its method.
with versions as (

    {{ scd2_versions(ref('snap_moodle__enrolments'), 'enrolment_id') }}

),

final as (

    select
        enrolment_id as enrollment_id,
        is_suspended,
        is_method_enabled,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from final
