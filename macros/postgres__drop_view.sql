{#-
    Dropping a view drops what hangs on it, too. Two threads that do so at once may wait for each
    other for ever: they take turns instead.
-#}
{% macro postgres__drop_view(relation) -%}
    do $drop$
    begin
        perform pg_advisory_xact_lock(hashtext('coursehouse:drop'));
        drop view if exists {{ relation }} cascade;
    end
    $drop$
{%- endmacro %}
