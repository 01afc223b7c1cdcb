{#-
    Law 1: which rows of the driving input arrived since this model was last built.

    Every row carries `_load_id`, the number of the load that last changed it. Loads publish one
    after the other and draw their number while they hold the publishing lock, so the numbers
    grow in commit order. A model hands the number on; the highest one it holds is how far it
    has read. Arrival decides, never event time: a row 90 days late is just another arrival.

    Rules for a model that uses this:
    - one driving input; whatever it looks up elsewhere must not change what it stores
    - its rows carry the `_load_id` of the arrival that made them what they are
    - `_load_id` is indexed, so that the highest value costs one look-up
    - a second input of another tier is read up to a load of its own: the model keeps that number in
      the column `held`, because one watermark over both would skip arrivals
-#}
{% macro arrived_since_last_build(relation=none, column='_load_id', held='_load_id') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {%- if not is_incremental() -%}
        true
    {%- elif this is string -%}
        {#- a unit test: what was built is a CTE -#}
        {{ prefix }}{{ column }} > (select coalesce(max(built.{{ held }}), 0) from {{ this }} as built)
    {%- else -%}
        {#- as a literal: of an unknown number the planner takes a third of the log to be above it -#}
        {{ prefix }}{{ column }} > {{ built_up_to(this, held) }}
    {%- endif -%}
{%- endmacro %}
