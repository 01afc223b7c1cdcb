-- One row per item answered in a survey that was handed in.
with source as (

    select * from {{ source('moodle', 'mdl_feedback_value') }}

),

final as (

    select
        ---------- ids
        id as feedback_value_id,
        completed as feedback_response_id,
        item as feedback_item_id,
        course_id,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
