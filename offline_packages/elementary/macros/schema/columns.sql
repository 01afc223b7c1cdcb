{#- Columns and types: as they are, as they were at the last test, as the YAML has them. -#}

{% macro _columns_now(relation) -%}
    select
        cast(attname as text) as column_name,
        format_type(atttypid, null) as data_type
    from pg_catalog.pg_attribute
    where
        attrelid = to_regclass({{ elementary.edr_quote(relation) }})
        and attnum > 0
        and not attisdropped
{%- endmacro %}

{% macro _columns_before(full_table_name) -%}
    {%- set snapshot = elementary.get_elementary_relation('schema_columns_snapshot') -%}
    {%- if snapshot -%}
    select
        column_name,
        data_type
    from {{ snapshot }}
    where full_table_name = {{ elementary.edr_quote(full_table_name) }}
    {%- else -%}
    select
        null::text as column_name,
        null::text as data_type
    where false
    {%- endif -%}
{%- endmacro %}

{% macro _columns_documented(columns, enforce_types) -%}
    {%- for column in columns -%}
    {%- if enforce_types and not column.data_type -%}
        {%- do elementary._reject('no data_type in the YAML for ' ~ column.name) -%}
    {%- endif -%}
    select
        {{ elementary.edr_quote(column.name) }} as column_name,
        {{ 'format_type(to_regtype(' ~ elementary.edr_quote(column.data_type) ~ '), null)'
            if column.data_type else 'null' }} as data_type
    {{ 'union all ' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}

{#- Differences between two lists of columns, one row each; none where there was no list before. -#}
{% macro _column_changes(columns_now, columns_before, include_added=true) -%}
    with now as ({{ columns_now }}),

    before as ({{ columns_before }}),

    compared as (
        select
            coalesce(now.column_name, before.column_name) as column_name,
            now.data_type,
            before.data_type as previous_data_type,
            case
                when before.column_name is null then 'column_added'
                when now.column_name is null then 'column_removed'
                when now.data_type <> before.data_type then 'type_changed'
            end as test_sub_type
        from now
        full join before on lower(now.column_name) = lower(before.column_name)
        where exists (select from before)
    )

    select
        column_name,
        test_sub_type,
        data_type,
        previous_data_type,
        case test_sub_type
            when 'column_added' then format('The column "%s" was added', column_name)
            when 'column_removed' then format('The column "%s" was removed', column_name)
            else format(
                'The type of "%s" was changed from %s to %s',
                column_name, previous_data_type, data_type
            )
        end as test_results_description
    from compared
    where test_sub_type is not null
    {%- if not include_added %} and test_sub_type <> 'column_added'{% endif %}
    order by column_name
{%- endmacro %}

{#- Remembers the columns of tables for the next test: `tables` are (relation, full name) pairs. -#}
{% macro _store_columns(tables) %}
    {%- set snapshot = elementary.get_elementary_relation('schema_columns_snapshot') -%}
    {%- if snapshot and tables -%}
        {%- call statement('store_columns') -%}
            {%- for relation, full_name in tables %}
            delete from {{ snapshot }}
            where full_table_name = {{ elementary.edr_quote(full_name) }};
            insert into {{ snapshot }} (
                column_state_id, full_column_name, full_table_name, column_name, data_type,
                is_new, detected_at, created_at
            )
            select
                md5(concat_ws('|', {{ elementary.edr_quote(full_name) }}, column_name, data_type)),
                upper({{ elementary.edr_quote(full_name) }} || '.' || column_name),
                {{ elementary.edr_quote(full_name) }},
                column_name,
                data_type,
                false,
                {{ elementary.edr_current_timestamp() }},
                {{ elementary.edr_current_timestamp() }}
            from ({{ elementary._columns_now(relation) }}) as columns_now;
            {%- endfor %}
        {%- endcall -%}
    {%- endif -%}
{% endmacro %}
