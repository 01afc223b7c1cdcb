-- One row per book chapter.
with source as (

    select * from {{ source('moodle', 'mdl_book_chapters') }}

),

final as (

    select
        ---------- ids
        id as chapter_id,
        bookid as book_id,
        ---------- properties
        title as chapter_name,
        pagenum as page_number,
        (subchapter = 1) as is_subchapter,
        (hidden = 1) as is_hidden,
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
