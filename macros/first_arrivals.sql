{#-
    The events of a topic that a model which adds up has not counted yet, misdated ones left out. An
    event of the event lane never changes after it arrived, so it can be added to what stands. Rows
    that were only computed again (their session was re-opened) carry a newer `_load_id`, but not a
    newer `_first_load_id`. The model hands on the latter as its own `_load_id`.
-#}
{% macro first_arrivals(events, topic) -%}
    select *
    from {{ events }}
    where
        topic = '{{ topic }}'
        and not is_misdated
        and {{ arrived_since_last_build() }}
        and {{ arrived_since_last_build(column='_first_load_id') }}
{%- endmacro %}
