{#-
    Law 2, children before parents: events already built whose activity no snapshot knew then and
    one knows now. They are read again, because the chapter of an event is the section of its
    activity. Nothing else of an event waits for another table: keys of first versions are the
    same before and after the version is known.

    The model that calls this must name both references in a `depends_on` comment: dbt does not
    see them while it parses, when no model is incremental.

    `arrived`: relation or CTE of the new events; `columns`: what to return of `this` before
    `chapter_id` and `chapter_key`.
-#}
{% macro events_of_late_activities(arrived, columns) -%}
    select
        {% for column in columns %}known.{{ column }},
        {% endfor %}
        'section-' || activities.section_id as chapter_id,
        coalesce(
            chapters.chapter_key, {{ version_key("'section-' || activities.section_id") }}
        ) as chapter_key
    from {{ this }} as known
    inner join {{ ref('int_learning__activity_versions') }} as activities
        on
            known.activity_id = activities.activity_id
            and {{ valid_at('activities', 'known.ts', 'known._loaded_at') }}
    left join {{ ref('int_learning__chapter_versions') }} as chapters
        on
            chapters.chapter_id = 'section-' || activities.section_id
            and {{ valid_at('chapters', 'known.ts', 'known._loaded_at') }}
    where
        known.chapter_id is null
        and activities.section_id is not null
        and not exists (
            select 1 from {{ arrived }} as newer where newer.event_key = known.event_key
        )
{%- endmacro %}
