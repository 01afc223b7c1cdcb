{#-
    An amount in the reporting currency (var `reporting_currency`), by the rates of its day: null
    where there is none. `fx`: alias of a left join to `int_finance__fx_daily` by currency and day.
    An amount that is in the reporting currency already needs no rate, and stays exact.
-#}
{% macro reporting_amount(amount, currency, fx='fx') -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then {{ amount }}
        else {{ amount }} / {{ fx }}.units_per_eur * {{ fx }}.reporting_units_per_eur
    end::numeric(18, 4)
{%- endmacro %}
