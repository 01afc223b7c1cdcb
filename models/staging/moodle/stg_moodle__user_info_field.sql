-- One row per custom profile field.
with source as (

    select * from {{ source('moodle', 'mdl_user_info_field') }}

),

final as (

    select
        ---------- ids
        id as profile_field_id,
        categoryid as profile_category_id,
        ---------- properties
        shortname as field_short_name,
        name as field_name,
        datatype as field_type,
        visible as visibility_code,
        (required = 1) as is_required,
        (locked = 1) as is_locked,
        (forceunique = 1) as is_unique,
        (signup = 1) as is_on_signup,
        sortorder as sort_order,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
