{#-
    What a view was made of, kept as its comment: the hash of its query, of the columns that gives,
    because `select *` over a wider model is the same query with other columns, and of its contract.
-#}
{% macro view_mark(sql) -%}
    {%- set columns = get_column_schema_from_query(sql) -%}
    {%- set shape = columns | map(attribute='name') | list ~ columns | map(attribute='dtype') | list -%}
    {{ return('coursehouse:' ~ local_md5(sql ~ shape ~ model.contract.checksum)) }}
{%- endmacro %}
