-- One row per wiki and group or person that has pages of its own.
with source as (

    select * from {{ source('moodle', 'mdl_wiki_subwikis') }}

),

final as (

    select
        ---------- ids
        id as subwiki_id,
        wikiid as wiki_id,
        groupid as group_id,
        userid as user_id,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
