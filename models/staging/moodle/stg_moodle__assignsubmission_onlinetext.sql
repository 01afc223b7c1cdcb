-- One row per submission with an online text.
with source as (

    select * from {{ source('moodle', 'mdl_assignsubmission_onlinetext') }}

),

final as (

    select
        ---------- ids
        id as online_text_id,
        assignment as assign_id,
        submission as assign_submission_id,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
