{#- The sum of a number over the objects of a jsonb array, null where there is no array. -#}
{% macro jsonb_sum(list, field, only='true') -%}
    case
        when {{ list }} is not null
            then (
                select coalesce(sum((entry.value ->> '{{ field }}')::numeric), 0)
                from jsonb_array_elements({{ list }}) as entry (value)
                where {{ only }}
            )
    end
{%- endmacro %}
