-- One row per person and custom profile field that holds a value.
with source as (

    select * from {{ source('moodle', 'mdl_user_info_data') }}

),

final as (

    select
        ---------- ids
        id as profile_value_id,
        userid as user_id,
        fieldid as profile_field_id,
        ---------- states
        coalesce(data, '') <> '' as has_value,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
