-- One row per version of a question.
with source as (

    select * from {{ source('moodle', 'mdl_question') }}

),

final as (

    select
        ---------- ids
        id as question_id,
        parent as parent_question_id,
        createdby as created_by_user_id,
        modifiedby as modified_by_user_id,
        ---------- properties
        name as question_name,
        qtype as question_type,
        length as question_length,
        ---------- amounts
        defaultmark as default_mark,
        penalty as penalty_rate,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
