{#- The stretch of media time an event reports, null unless it has a length. -#}
{% macro watched_range(from_seconds, to_seconds) -%}
    case
        when {{ from_seconds }} < {{ to_seconds }}
            then numrange({{ from_seconds }}, {{ to_seconds }})
    end
{%- endmacro %}

{#- Seconds that several stretches cover, what was seen twice once; 0 for none. -#}
{% macro range_seconds(ranges) -%}
    (
        select coalesce(sum(upper(stretch) - lower(stretch)), 0)
        from unnest({{ ranges }}) as watched (stretch)
    )
{%- endmacro %}
