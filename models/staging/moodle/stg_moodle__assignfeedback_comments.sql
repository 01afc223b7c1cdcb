-- One row per mark with a comment record, which may be blank.
with source as (

    select * from {{ source('moodle', 'mdl_assignfeedback_comments') }}

),

final as (

    select
        ---------- ids
        id as feedback_comment_id,
        assignment as assign_id,
        grade as assign_grade_id,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
