-- One row per category of the question bank.
with source as (

    select * from {{ source('moodle', 'mdl_question_categories') }}

),

final as (

    select
        ---------- ids
        id as question_category_id,
        contextid as context_id,
        parent as parent_question_category_id,
        ---------- properties
        name as question_category_name,
        idnumber as external_code,
        sortorder as sort_order,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
