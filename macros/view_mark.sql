{#-
    What a view was made of, kept as its comment, and what the one that stands was made of: `made`
    and `held`, asked together. A mark is the hash of the query, of the columns that gives, because
    `select *` over a wider model is the same query with other columns, and of the contract. With
    `limit 0` Postgres does not plan the query.
-#}
{% macro view_mark(relation, sql) -%}
    {% call statement('marks', fetch_result=True) -%}
        select
            obj_description(to_regclass('{{ relation }}'), 'pg_class'),
            given.*
        from (select 1) as one_row
        left join (
            select * from (
                {{ sql }}
            ) as query
            where false limit 0
        ) as given on true
    {%- endcall %}
    {%- set asked = load_result('marks').table -%}
    {%- set made = local_md5(sql ~ asked.column_names ~ model.contract.checksum) -%}
    {{ return({'made': 'coursehouse:' ~ made, 'held': asked.rows[0][0]}) }}
{%- endmacro %}
