-- One row per answer of a person to a question page of a lesson.
with source as (

    select * from {{ source('moodle', 'mdl_lesson_attempts') }}

),

final as (

    select
        ---------- ids
        id as lesson_attempt_id,
        lessonid as lesson_id,
        pageid as lesson_page_id,
        answerid as lesson_answer_id,
        userid as user_id,
        ---------- states
        retry as retry_number,
        (correct <> 0) as is_correct,
        ---------- timestamps
        {{ epoch_to_timestamp('timeseen') }} as answered_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
