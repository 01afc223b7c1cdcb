-- One row per option of a choice.
with source as (

    select * from {{ source('moodle', 'mdl_choice_options') }}

),

final as (

    select
        ---------- ids
        id as choice_option_id,
        choiceid as choice_id,
        ---------- properties
        text as option_label,
        maxanswers as max_answer_count,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
