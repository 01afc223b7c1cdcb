-- One row per activity of a core module: its name and its deadline, from the module's own table.
{%- set modules = [
    {'name': 'assign', 'key': 'assign_id', 'due_at': 'due_at'},
    {'name': 'book', 'key': 'book_id', 'due_at': none},
    {'name': 'choice', 'key': 'choice_id', 'due_at': 'closes_at'},
    {'name': 'data', 'key': 'database_id', 'due_at': 'closes_at'},
    {'name': 'feedback', 'key': 'feedback_id', 'due_at': 'closes_at'},
    {'name': 'folder', 'key': 'folder_id', 'due_at': none},
    {'name': 'forum', 'key': 'forum_id', 'due_at': 'due_at'},
    {'name': 'glossary', 'key': 'glossary_id', 'due_at': none},
    {'name': 'h5pactivity', 'key': 'h5pactivity_id', 'due_at': none},
    {'name': 'label', 'key': 'label_id', 'due_at': none},
    {'name': 'lesson', 'key': 'lesson_id', 'due_at': 'closes_at'},
    {'name': 'page', 'key': 'page_id', 'due_at': none},
    {'name': 'quiz', 'key': 'quiz_id', 'due_at': 'closes_at'},
    {'name': 'resource', 'key': 'resource_id', 'due_at': none},
    {'name': 'scorm', 'key': 'scorm_id', 'due_at': 'closes_at'},
    {'name': 'url', 'key': 'url_id', 'due_at': none},
    {'name': 'wiki', 'key': 'wiki_id', 'due_at': 'closes_at'},
    {'name': 'workshop', 'key': 'workshop_id', 'due_at': 'closes_at'},
] %}

with final as (

    {% for module in modules %}
        select
            '{{ module.name }}' as module_name,
            {{ module.key }} as instance_id,
            activity_name,
            {{ module.due_at or 'null::timestamptz' }} as due_at
        from {{ ref('stg_moodle__' ~ module.name) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
