{#-
    Of an event that arrived, the copy that is built already, if any, and the places it was moved
    from (macro `former_places`): whose, where and when it was, once more if the arrival says
    otherwise. Builds of the models behind may lie far apart, so none of these is forgotten.

    `arrival`: alias of the arrived event, in a lateral subquery.
-#}
{% macro earlier_copy(arrival) -%}
    {%- set place = ['student_hash', 'course_id', 'ts'] -%}
    {%- if is_incremental() -%}
    select
        known.event_key,
        case
            when
                jsonb_build_array(known.{{ place | join(', known.') }})
                <> jsonb_build_array({{ arrival }}.{{ place | join(', ' ~ arrival ~ '.') }})
                then
                    coalesce(known._moved_from, '[]') || jsonb_build_object(
                        {% for column in place -%}
                            '{{ column }}', known.{{ column }}{{ ',' if not loop.last }}
                        {% endfor %}
                    )
            else known._moved_from
        end as _moved_from
    from {{ this }} as known
    where {{ arrival }}.event_key = known.event_key
    -- one look into the index per arrival, however large the fact is: a fence for the planner
    offset 0
    {%- else -%}
    -- nothing is built yet: no row
    select
        null::text as event_key,
        null::jsonb as _moved_from
    where {{ arrival }}.event_key is null
    {%- endif -%}
{%- endmacro %}
