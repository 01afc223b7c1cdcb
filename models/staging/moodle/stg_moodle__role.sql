-- One row per role.
with source as (

    select * from {{ source('moodle', 'mdl_role') }}

),

final as (

    select
        ---------- ids
        id as role_id,
        ---------- properties
        name as role_name,
        shortname as role_short_name,
        archetype as role_archetype,
        sortorder as sort_order,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
