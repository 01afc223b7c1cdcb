{#- How sure a rule of the match ladder is, 0 to 1 (var `match_confidence`). -#}
{% macro match_confidence(match_rule) -%}
    case {{ match_rule }}
        {%- for rule, confidence in var('match_confidence').items() %}
        when '{{ rule }}' then {{ confidence }}
        {%- endfor %}
    end::numeric(3, 2)
{%- endmacro %}
