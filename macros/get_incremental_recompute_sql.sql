{#-
    Incremental strategy `recompute` (law 1): the model returns every key that its arrivals
    touch, with the recomputed row or, where nothing is left of it, with null in the column
    named by `meta.exists_column`. All those keys are deleted, the rows that exist are inserted.
    dbt's own delete+insert cannot forget a key: two sessions that merge would leave a ghost.
-#}
{% macro get_incremental_recompute_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set exists_column = config.get('meta', {}).get('exists_column') -%}
    {%- if not key or not exists_column -%}
        {{ exceptions.raise_compiler_error("recompute needs a unique_key and meta.exists_column") }}
    {%- endif -%}
    {%- set keys = [key] if key is string else key -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}

    delete from {{ target }}
    where ({{ keys | join(', ') }}) in (
        select touched.{{ keys | join(', touched.') }} from {{ source }} as touched
    );

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
    where {{ exists_column }} is not null
{% endmacro %}
