{#-
    Whether an incremental model gives other columns than its table has. Where only new columns are
    of interest their names tell, and two empty queries tell those; dbt's own way, taken where they
    differ, asks the information schema and costs a build seconds.
-#}
{% macro postgres__check_for_schema_changes(source_relation, target_relation) -%}
    {%- set given = get_column_schema_from_query('select * from ' ~ source_relation) -%}
    {%- set held = get_column_schema_from_query('select * from ' ~ target_relation) -%}
    {%- if config.get('on_schema_change') == 'append_new_columns'
            and given | map(attribute='name') | sort == held | map(attribute='name') | sort -%}
        {{ return({'schema_changed': false, 'source_columns': given}) }}
    {%- endif -%}
    {{ return(default__check_for_schema_changes(source_relation, target_relation)) }}
{%- endmacro %}
