{#- Whether two tables have the same columns: names and their order, types with their
    precision, nullability. -#}
{% macro has_columns_of(relation, other) -%}
    {%- set compared -%}
        select count(distinct described.columns) = 1
        from (
            select string_agg(
                format('%s %s %s', attname, format_type(atttypid, atttypmod), attnotnull),
                ', ' order by attnum
            ) as columns
            from pg_catalog.pg_attribute
            where
                attnum > 0 and not attisdropped
                and attrelid in ('{{ relation }}'::regclass, '{{ other }}'::regclass)
            group by attrelid
        ) as described
    {%- endset -%}
    {{ return(run_query(compared).columns[0].values()[0]) }}
{%- endmacro %}
