{#- Post-hook: let roles into the schema of a model. Its tables are granted by `grants`. -#}
{% macro grant_schema_usage(roles) -%}
    {%- if roles -%}
        grant usage on schema {{ adapter.quote(this.schema) }}
        to {% for role in roles %}{{ adapter.quote(role) }}{{ ', ' if not loop.last }}{% endfor %}
    {%- endif -%}
{%- endmacro %}
