-- One row per heading of the custom profile fields.
with source as (

    select * from {{ source('moodle', 'mdl_user_info_category') }}

),

final as (

    select
        ---------- ids
        id as profile_category_id,
        ---------- properties
        name as profile_category_name,
        sortorder as sort_order,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
