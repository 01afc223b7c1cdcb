{#- The value of a setting of this package. -#}
{% macro get_config_var(var_name) -%}
    {{ return(var(var_name, none)) }}
{%- endmacro %}
