-- One row per course, activity, section and book chapter any loaded table mentions, the log apart.
{%- set mentions = {
    'course': {'id': 'course_id', 'tables': [
        'assign', 'course', 'course_completion_criteria', 'course_completions', 'course_modules',
        'course_sections', 'enrol', 'forum', 'forum_discussions', 'grade_items',
        'grade_items_history', 'groups', 'quiz', 'user_lastaccess',
    ]},
    'activity': {'id': 'activity_id', 'tables': [
        'course_completion_criteria', 'course_modules', 'course_modules_completion',
        'course_modules_viewed',
    ]},
    'section': {'id': 'section_id', 'tables': ['course_modules', 'course_sections']},
    'book_chapter': {'id': 'chapter_id', 'tables': ['book_chapters']},
} %}

with final as (

    {% for object_type, mention in mentions.items() %}
        {% set last_type = loop.last %}
        {% for table in mention.tables %}
            select
                '{{ object_type }}'::text as object_type,
                {{ mention.id }}::bigint as object_id
            from {{ ref('stg_moodle__' ~ table) }}
            where {{ mention.id }} > 0
            {{ 'union' if not (last_type and loop.last) }}
        {% endfor %}
    {% endfor %}

)

select * from final
