{#- Condition: a domain (as macro `domain_of` gives it) is one of a list or below one of them. -#}
{% macro is_within_domains(domain, domains) -%}
    {%- if domains -%}
        {{ domain }} ~ '(^|[.])({{ domains | map("replace", ".", "[.]") | join("|") }})$'
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}
