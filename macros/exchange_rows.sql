{#-
    SQL that makes the rows of a table those of another with the same columns, unless they are
    already. Rows are compared as a multiset, so that no key is needed.
-#}
{% macro exchange_rows(relation, computed) -%}
    {%- set columns = get_quoted_csv(
        adapter.get_columns_in_relation(relation) | map(attribute='name') | list
    ) -%}
    do $exchange$
    begin
        if exists (
            (select {{ columns }} from {{ relation }}
            except all select {{ columns }} from {{ computed }})
            union all
            (select {{ columns }} from {{ computed }}
            except all select {{ columns }} from {{ relation }})
        ) then
            delete from {{ relation }};
            insert into {{ relation }} ({{ columns }}) select {{ columns }} from {{ computed }};
            analyze {{ relation }};
        end if;
    end
    $exchange$
{%- endmacro %}
