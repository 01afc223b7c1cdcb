-- One row per chapter and activity that has to be completed for the chapter to be complete.
with activities as (

    select * from {{ ref('int_learning__tracked_activities') }}
    where is_current

),

book_chapters as (

    select * from {{ ref('int_learning__chapter_versions') }}
    where is_current and not is_deleted and chapter_type = 'book chapter'

),

final as (

    select
        'section-' || section_id as chapter_id,
        activity_id,
        course_id
    from activities

    union all

    -- Moodle completes books as a whole
    select
        book_chapters.chapter_id,
        activities.activity_id,
        activities.course_id
    from book_chapters
    inner join activities on book_chapters.activity_id = activities.activity_id

)

select * from final
