{#- Dropping a table drops the views on it, too: threads take turns, see postgres__drop_view. -#}
{% macro postgres__drop_table(relation) -%}
    do $drop$
    begin
        perform pg_advisory_xact_lock(hashtext('coursehouse:drop'));
        drop table if exists {{ relation }} cascade;
    end
    $drop$
{%- endmacro %}
