-- One row per cohort.
with source as (

    select * from {{ source('moodle', 'mdl_cohort') }}

),

final as (

    select
        ---------- ids
        id as cohort_id,
        contextid as context_id,
        ---------- properties
        name as cohort_name,
        idnumber as external_code,
        component,
        (visible = 1) as is_visible,
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
