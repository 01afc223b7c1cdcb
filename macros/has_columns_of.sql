{#- Whether two tables have the same columns: names and their order, types with their
    precision, nullability. -#}
{% macro has_columns_of(relation, other) -%}
    {%- set described -%}
        select string_agg(
            format('%s %s %s', attname, format_type(atttypid, atttypmod), attnotnull),
            ', ' order by attnum
        )
        from pg_catalog.pg_attribute
        where attnum > 0 and not attisdropped and attrelid =
    {%- endset -%}
    {{ return(
        run_query(described ~ " '" ~ relation ~ "'::regclass").columns[0].values()[0]
        == run_query(described ~ " '" ~ other ~ "'::regclass").columns[0].values()[0]
    ) }}
{%- endmacro %}
