{#-
    What a recurring amount comes to in a month: a year has 12 months, 52 weeks and 365 days.
    Multiplied before it is divided, so that a twelfth is rounded once.
-#}
{% macro monthly_amount(amount, recurring_interval, interval_count) -%}
    ({{ amount }}) * case {{ recurring_interval }}
        when 'day' then 365
        when 'week' then 52
        when 'month' then 12
        when 'year' then 1
    end / (12 * {{ interval_count }}::numeric)
{%- endmacro %}
