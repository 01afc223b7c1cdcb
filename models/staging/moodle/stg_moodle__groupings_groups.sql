-- One row per grouping and group in it.
with source as (

    select * from {{ source('moodle', 'mdl_groupings_groups') }}

),

final as (

    select
        ---------- ids
        id as grouping_group_id,
        groupingid as grouping_id,
        groupid as group_id,
        ---------- timestamps
        {{ epoch_to_timestamp('timeadded') }} as added_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
