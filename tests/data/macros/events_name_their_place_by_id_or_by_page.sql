-- Proves that places are found by Moodle's ids or by the page, and that other ids give none.
with cases as (

    select *
    from (
        values
        ('5', null, null, 5, null, null),
        (null, null, '/course/view.php?id=5', 5, null, null),
        (null, null, '/course/view.php?notify=1&id=5', 5, null, null),
        (null, null, '/course/view.php?id=5&section=3', 5, null, null),
        -- a longer parameter is another one, and so is another script
        (null, null, '/course/view.php?courseid=5', null, null, null),
        (null, null, '/user/view.php?id=5', null, null, null),
        -- a name wins over a page
        ('6', null, '/course/view.php?id=5', 6, null, null),
        ('algebra-1', null, '/course/view.php?id=5', 5, null, null),
        ('algebra-1', null, '/algebra', null, null, null),
        ('0', '0', '/mod/quiz/view.php?id=0', null, null, null),
        ('99999999999999999999', null, null, null, null, null),
        (null, null, '/mod/quiz/view.php?id=12', null, 12, null),
        (null, null, '/moodle/mod/h5pactivity/view.php?id=12', null, 12, null),
        (null, null, '/mod/quiz/attempt.php?attempt=40&cmid=12', null, 12, null),
        (null, null, '/mod/quiz/attempt.php?attempt=40', null, null, null),
        (null, null, '/mod/book/view.php?id=12&chapterid=3', null, 12, 'book_chapter-3'),
        (null, null, '/course/section.php?id=9', null, null, 'section-9'),
        (null, '7', '/mod/book/view.php?id=12&chapterid=3', null, 12, 'section-7'),
        (null, 'section-7', null, null, null, 'section-7'),
        (null, 'book_chapter-7', null, null, null, 'book_chapter-7'),
        (null, 'book_chapter-x', null, null, null, null),
        (null, 'Introduction', null, null, null, null),
        (null, null, null, null, null, null)
    ) as examples (course_code, chapter_code, page, course_id, activity_id, chapter_id)

)

select *
from cases
where
    course_id::bigint is distinct from {{ event_course_id('course_code', 'page') }}
    or activity_id::bigint is distinct from {{ event_activity_id('page') }}
    or chapter_id is distinct from {{ event_chapter_id('chapter_code', 'page') }}
