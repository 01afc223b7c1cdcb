{#-
    A page without what follows ? or #, which may say anything about a person; null where nothing
    is left.
-#}
{% macro page_path(page) -%}
    nullif(substring({{ page }} from '^[^?#]*'), '')
{%- endmacro %}
