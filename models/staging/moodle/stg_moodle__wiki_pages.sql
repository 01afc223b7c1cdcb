-- One row per wiki page.
with source as (

    select * from {{ source('moodle', 'mdl_wiki_pages') }}

),

final as (

    select
        ---------- ids
        id as wiki_page_id,
        subwikiid as subwiki_id,
        userid as user_id,
        ---------- amounts
        pageviews as view_count,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        {{ epoch_to_timestamp('timerendered') }} as rendered_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
