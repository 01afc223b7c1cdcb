-- One row per tag of a tag collection.
with source as (

    select * from {{ source('moodle', 'mdl_tag') }}

),

final as (

    select
        ---------- ids
        id as tag_id,
        tagcollid as tag_collection_id,
        userid as created_by_user_id,
        ---------- properties
        name as tag_name,
        (isstandard = 1) as is_standard,
        flag as flag_count,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
