{#- The id of an object that Stripe names (by its id) or, where a call expanded it, carries. -#}
{% macro stripe_id(value) -%}
    coalesce({{ value }} ->> 'id', {{ value }} #>> '{}')
{%- endmacro %}
