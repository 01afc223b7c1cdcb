-- One row per item of a feedback survey or of a survey template.
with source as (

    select * from {{ source('moodle', 'mdl_feedback_item') }}

),

final as (

    select
        ---------- ids
        id as feedback_item_id,
        feedback as feedback_id,
        template as feedback_template_id,
        dependitem as depends_on_item_id,
        ---------- properties
        name as item_name,
        label as item_label,
        typ as item_type,
        position,
        (hasvalue = 1) as has_answers,
        (required = 1) as is_required,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
