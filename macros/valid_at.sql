{#-
    Join condition: the version of a type 2 dimension that held when something happened.

    A source row tells what was so when it was loaded at the latest, so an event whose clock ran
    ahead is looked up at its load. Every later snapshot starts after that load, hence the answer
    never changes: rows built once stay right (law 2).
-#}
{% macro valid_at(versions, happened_at, loaded_at) -%}
    least({{ happened_at }}, {{ loaded_at }}) >= {{ versions }}.valid_from
    and least({{ happened_at }}, {{ loaded_at }}) < {{ versions }}.valid_to
{%- endmacro %}
