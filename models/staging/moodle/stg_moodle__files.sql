-- One row per stored file or folder record.
with source as (

    select * from {{ source('moodle', 'mdl_files') }}

),

final as (

    select
        ---------- ids
        id as file_id,
        contextid as context_id,
        itemid as item_id,
        userid as user_id,
        referencefileid as reference_file_id,
        contenthash as content_hash,
        ---------- properties
        component,
        filearea as file_area,
        mimetype as mime_type,
        (filename = '.') as is_folder,
        status as status_code,
        sortorder as sort_order,
        ---------- amounts
        filesize as size_bytes,
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
