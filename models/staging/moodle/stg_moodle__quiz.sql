-- One row per quiz.
with source as (

    select * from {{ source('moodle', 'mdl_quiz') }}

),

final as (

    select
        ---------- ids
        id as quiz_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        preferredbehaviour as question_behaviour,
        navmethod as navigation_method,
        overduehandling as overdue_handling,
        grademethod as grade_method_code,
        attempts as attempts_allowed_count,
        (shuffleanswers = 1) as has_shuffled_answers,
        ---------- amounts
        grade as max_grade,
        sumgrades as max_raw_grade,
        timelimit as time_limit_seconds,
        graceperiod as grace_period_seconds,
        delay1 as first_delay_seconds,
        delay2 as later_delay_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('timeopen') }} as opens_at,
        {{ epoch_to_timestamp('timeclose') }} as closes_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
