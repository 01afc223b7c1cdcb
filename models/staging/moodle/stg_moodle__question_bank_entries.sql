-- One row per question of the bank, all versions together.
with source as (

    select * from {{ source('moodle', 'mdl_question_bank_entries') }}

),

final as (

    select
        ---------- ids
        id as question_bank_entry_id,
        questioncategoryid as question_category_id,
        ownerid as owner_user_id,
        ---------- properties
        idnumber as external_code,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
