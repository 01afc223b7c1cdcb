{#-
    Dropping something drops what hangs on it, too. Two threads that do so at once may wait for
    each other for ever: they take turns instead. `kind`: view or table.
-#}
{% macro drop_in_turn(kind, relation) -%}
    do $drop$
    begin
        perform pg_advisory_xact_lock(hashtext('coursehouse:drop'));
        drop {{ kind }} if exists {{ relation }} cascade;
    end
    $drop$
{%- endmacro %}
