{#-
    Where an event happened, in Moodle's ids. Producers may name the place or send the address of
    the page; ids that are not Moodle's (a course code of an application) give null.
-#}

{#- A parameter of an address, if it is an id. -#}
{% macro page_parameter(page, script, name) -%}
    substring(
        {{ page }}
        from '{{ script }}[?](?:[^#]*&)?{{ name }}=([1-9][0-9]{0,17})(?:[&#]|$)'
    )
{%- endmacro %}

{#- The course: named, or that of /course/view.php?id=5. -#}
{% macro event_course_id(course_id, page) -%}
    case
        when {{ course_id }} ~ '^[1-9][0-9]{0,17}$' then {{ course_id }}::bigint
        else {{ page_parameter(page, '/course/view[.]php', 'id') }}::bigint
    end
{%- endmacro %}

{#- The activity: that of /mod/quiz/view.php?id=12, or of a page that says cmid=12. -#}
{% macro event_activity_id(page) -%}
    coalesce(
        {{ page_parameter(page, '/mod/[a-z0-9_]+/view[.]php', 'id') }},
        {{ page_parameter(page, '/mod/[a-z0-9_]+/[a-z0-9_/]+[.]php', 'cmid') }}
    )::bigint
{%- endmacro %}

{#-
    The chapter: named as section-7, book_chapter-3 or just 7 (a section), else that of the page of
    a section or of a book's chapter.
-#}
{% macro event_chapter_id(chapter_id, page) -%}
    case
        when {{ chapter_id }} ~ '^(section|book_chapter)-[1-9][0-9]{0,17}$' then {{ chapter_id }}
        when {{ chapter_id }} ~ '^[1-9][0-9]{0,17}$' then 'section-' || {{ chapter_id }}
        else coalesce(
            'book_chapter-' || {{ page_parameter(page, '/mod/book/view[.]php', 'chapterid') }},
            'section-' || {{ page_parameter(page, '/course/section[.]php', 'id') }}
        )
    end
{%- endmacro %}
