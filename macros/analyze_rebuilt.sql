{#-
    Post-hook: statistics of an incremental model that was just made as a whole. Without them the
    planner takes a third of the log to be newer than any load, and an increment reads all of it.
    Later autovacuum keeps them, and for values above the histogram the planner asks the index.
-#}
{% macro analyze_rebuilt() -%}
    {%- if execute and model.config.materialized == 'incremental' and not is_incremental() -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
