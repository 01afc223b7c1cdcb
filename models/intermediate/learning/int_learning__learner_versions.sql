-- One row per version of a person that a snapshot saw, with the key facts point at.
with versions as (

    {{ scd2_versions(ref('snap_moodle__users'), 'student_hash') }}

),

final as (

    select
        {{ version_key('student_hash', 'valid_from') }} as learner_key,
        student_hash,
        auth_method,
        country,
        timezone,
        lang,
        is_confirmed,
        is_suspended,
        is_deleted_in_moodle,
        is_student,
        is_staff,
        is_site_admin,
        is_test_user,
        cohort_names,
        created_at,
        is_deleted,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from final
