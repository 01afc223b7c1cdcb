-- One row per wiki.
with source as (

    select * from {{ source('moodle', 'mdl_wiki') }}

),

final as (

    select
        ---------- ids
        id as wiki_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        wikimode as wiki_mode,
        ---------- timestamps
        {{ epoch_to_timestamp('editbegin') }} as opens_at,
        {{ epoch_to_timestamp('editend') }} as closes_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
