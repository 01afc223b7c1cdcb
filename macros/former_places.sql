{#-
    Law 2: whose, where and when the events that arrived were before. A row of Moodle's log may
    change its person (merged accounts rewrite it in place) or its time; what was made of it under
    the old person and day has to be computed anew, though nothing arrives there.

    The model that calls this must name the reference to `fact_learning_event` itself: dbt does not
    see this one while it parses, when no model is incremental.
-#}
{% macro former_places() -%}
    select
        former.student_hash,
        former.course_id,
        former.ts,
        former.ts <> moved.ts as is_redated,
        moved._load_id
    -- in parentheses, because with --empty dbt puts an alias of its own behind a relation
    from (select * from {{ ref('fact_learning_event') }}) as moved
    cross join lateral jsonb_to_recordset(moved._moved_from) as former (
        student_hash text, course_id bigint, ts timestamptz
    )
    where moved._moved_from is not null and {{ arrived_since_last_build('moved') }}
{%- endmacro %}
