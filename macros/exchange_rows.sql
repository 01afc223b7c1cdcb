{#-
    SQL that makes the rows of a table those of another with the same columns, unless they are
    already. Rows are compared as a multiset, so that no key is needed: of two with equally many
    rows it is enough to look one way.
-#}
{% macro exchange_rows(relation, computed) -%}
    do $exchange$
    begin
        if
            (select count(*) from {{ relation }}) <> (select count(*) from {{ computed }})
            or exists (table {{ computed }} except all table {{ relation }})
        then
            delete from {{ relation }};
            insert into {{ relation }} table {{ computed }};
            analyze {{ relation }};
        end if;
    end
    $exchange$
{%- endmacro %}
