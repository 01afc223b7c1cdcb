{#-
    Law 2, children before parents: events already built whose activity has arrived only now.
    They are read again, because the chapter of an event is the section of its activity. Nothing
    else of an event waits for another table: keys of first versions are the same before and
    after the version is known. They carry the load of the activity, so that the models behind
    the fact see them arrive too.

    The model that calls this must name the three references in `depends_on` comments: dbt does
    not see them while it parses, when no model is incremental.

    `arrived`: relation or CTE of the new events; `columns`: what to return of `this` before
    `chapter_id` and `chapter_key`, `_load_id` among them.
-#}
{% macro events_of_late_activities(arrived, columns) -%}
    {%- set chapter_id = "'section-' || coalesce(activities.section_id, places.section_id)" -%}
    select
        {% for column in columns %}{{ 'places' if column == '_load_id' else 'known' }}.{{ column }},
        {% endfor %}
        {{ chapter_id }} as chapter_id,
        coalesce(chapters.chapter_key, {{ version_key(chapter_id) }}) as chapter_key
    -- in parentheses, because with --empty dbt puts an alias of its own behind a relation
    from (select * from {{ ref('int_moodle__activity_places') }}) as places
    inner join {{ this }} as known
        on places.activity_id = known.activity_id and known.chapter_id is null
    left join (select * from {{ ref('int_learning__activity_versions') }}) as activities
        on
            known.activity_id = activities.activity_id
            and {{ valid_at('activities', 'known.ts', 'known._loaded_at') }}
    left join (select * from {{ ref('int_learning__chapter_versions') }}) as chapters
        on
            chapters.chapter_id = {{ chapter_id }}
            and {{ valid_at('chapters', 'known.ts', 'known._loaded_at') }}
    where
        {{ arrived_since_last_build('places') }}
        and coalesce(activities.section_id, places.section_id) is not null
        and not exists (
            select 1 from {{ arrived }} as newer where newer.event_key = known.event_key
        )
{%- endmacro %}
