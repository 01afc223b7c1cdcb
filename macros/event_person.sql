{#-
    The system that knows the person of an event: digits are the id of a Moodle account, anything
    else is an id of the sending application. Whoever has no id is a visitor, known by the session
    of the browser (`visitor`), or nobody.
-#}
{% macro event_person_system(user_id, visitor=none) -%}
    case
        when {{ user_id }} ~ '^[1-9][0-9]{0,17}$' then 'moodle'
        when {{ user_id }} is not null then 'app'
        {%- if visitor %}
        when {{ visitor }} is not null then 'visitor'
        {%- endif %}
    end
{%- endmacro %}

{#-
    The pseudonym of the person of an event (law 6), as macro `student_hash` finds it for one
    system: stored in `vault.pseudonyms`, or computed where the person arrived after its last build.
    `pseudonyms`: alias of a left join by system and id; `events`: what has `person_system` and
    `person_id`.
-#}
{% macro event_student_hash(pseudonyms, events) -%}
    coalesce(
        {{ pseudonyms }}.student_hash,
        vault.pseudonymise({{ events }}.person_system, {{ events }}.person_id)
    )
{%- endmacro %}
