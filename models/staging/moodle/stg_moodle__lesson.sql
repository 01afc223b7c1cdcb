-- One row per lesson.
with source as (

    select * from {{ source('moodle', 'mdl_lesson') }}

),

final as (

    select
        ---------- ids
        id as lesson_id,
        course as course_id,
        dependency as depends_on_lesson_id,
        ---------- properties
        name as activity_name,
        (practice = 1) as is_practice,
        (retake = 1) as is_retake_allowed,
        (usemaxgrade = 1) as is_highest_grade_kept,
        maxattempts as attempts_allowed_count,
        (completionendreached = 1) as is_completed_at_end,
        ---------- amounts
        grade as max_grade,
        timelimit as time_limit_seconds,
        completiontimespent as required_time_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('available') }} as opens_at,
        {{ epoch_to_timestamp('deadline') }} as closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
