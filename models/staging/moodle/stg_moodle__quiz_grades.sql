-- One row per person and quiz with a grade.
with source as (

    select * from {{ source('moodle', 'mdl_quiz_grades') }}

),

final as (

    select
        ---------- ids
        id as quiz_grade_id,
        quiz as quiz_id,
        userid as user_id,
        ---------- amounts
        grade,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
