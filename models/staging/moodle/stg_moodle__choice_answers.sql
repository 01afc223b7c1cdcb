-- One row per person and option picked.
with source as (

    select * from {{ source('moodle', 'mdl_choice_answers') }}

),

final as (

    select
        ---------- ids
        id as choice_answer_id,
        choiceid as choice_id,
        optionid as choice_option_id,
        userid as user_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
