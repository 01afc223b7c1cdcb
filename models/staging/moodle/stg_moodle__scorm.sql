-- One row per SCORM activity.
with source as (

    select * from {{ source('moodle', 'mdl_scorm') }}

),

final as (

    select
        ---------- ids
        id as scorm_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        version as scorm_version,
        scormtype as package_type,
        grademethod as grade_method_code,
        whatgrade as attempt_grade_code,
        maxattempt as attempts_allowed_count,
        completionstatusrequired as required_status_code,
        ---------- amounts
        maxgrade as max_grade,
        completionscorerequired as required_score,
        ---------- timestamps
        {{ epoch_to_timestamp('timeopen') }} as opens_at,
        {{ epoch_to_timestamp('timeclose') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
