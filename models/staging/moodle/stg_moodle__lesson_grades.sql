-- One row per completed run of a person through a lesson.
with source as (

    select * from {{ source('moodle', 'mdl_lesson_grades') }}

),

final as (

    select
        ---------- ids
        id as lesson_grade_id,
        lessonid as lesson_id,
        userid as user_id,
        ---------- amounts
        grade as grade_percent,
        ---------- timestamps
        {{ epoch_to_timestamp('completed') }} as completed_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
