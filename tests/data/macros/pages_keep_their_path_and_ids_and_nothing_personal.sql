-- Proves that pages keep path and ids, and that hosts, words, keys and addresses are left out.
with cases as (

    select *
    from (
        values
        ('/', '/'),
        ('/courses/5', '/courses/5'),
        ('dashboard', 'dashboard'),
        ('/course/view.php?id=5', '/course/view.php?id=5'),
        ('https://moodle.example.org/course/view.php?id=5#section-3', '/course/view.php?id=5'),
        ('https://example.org?id=5', '?id=5'),
        ('https://ann:secret@example.org/my', '/my'),
        ('/search?q=who+am+i', '/search'),
        ('/search?q=who&page=2', '/search?page=2'),
        ('/a?page=2&q=who', '/a?page=2'),
        ('/a?id=1&token=abc&cmid=2', '/a?id=1&cmid=2'),
        ('/a?id=1?id=x', '/a?id=1'),
        ('/a?', '/a'),
        ('/a?id=5x', '/a'),
        ('/users/ann@example.org/edit', '/users/-/edit'),
        ('/users/ann%40example.org', '/users/-'),
        ('/login?email=ann@example.org', '/login'),
        ('/p#ann', '/p'),
        (null, null)
    ) as examples (address, page)

)

select *
from cases
where page is distinct from {{ page_path('address') }}
