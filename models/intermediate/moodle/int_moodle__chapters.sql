-- One row per chapter that exists now, a section or a chapter of a book: what a snapshot watches.
with sections as (

    select * from {{ ref('stg_moodle__course_sections') }}
    where not is_deleted

),

book_chapters as (

    select * from {{ ref('stg_moodle__book_chapters') }}
    where not is_deleted

),

books as (

    select * from {{ ref('int_moodle__activities') }}
    where module_name = 'book' and not is_deleted

),

-- a section lists its activities in the order learners see them
places as (

    select
        sections.section_id,
        place.activity_id,
        place.position
    from sections
    cross join
        lateral unnest(string_to_array(sections.activity_sequence, ','))
        with ordinality as place (activity_id, position)

),

final as (

    select
        'section-' || section_id as chapter_id,
        'section'::text as chapter_type,
        course_id,
        null::bigint as activity_id,
        section_number::integer as section_num,
        coalesce(nullif(section_name, ''), 'Section ' || section_number) as name,
        section_number * 1000000::bigint as sequence_no,
        is_visible
    from sections

    union all

    select
        'book_chapter-' || book_chapters.chapter_id as chapter_id,
        'book chapter'::text as chapter_type,
        books.course_id,
        books.activity_id,
        sections.section_number::integer as section_num,
        book_chapters.chapter_name as name,
        coalesce(sections.section_number, 0) * 1000000::bigint
        + coalesce(places.position, 0) * 1000
        + book_chapters.page_number as sequence_no,
        coalesce(sections.is_visible, true)
        and books.is_visible
        and not book_chapters.is_hidden as is_visible
    from book_chapters
    inner join books on book_chapters.book_id = books.instance_id
    left join sections on books.section_id = sections.section_id
    left join places
        on
            books.section_id = places.section_id
            and books.activity_id::text = places.activity_id

)

select * from final
