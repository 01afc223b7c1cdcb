{#- The present instant: a macro, so that a unit test can say when it is. -#}
{% macro present() -%}
    now()
{%- endmacro %}
