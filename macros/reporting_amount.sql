{#-
    An amount in the reporting currency (var `reporting_currency`), by the rates of its day: null
    where there is none. `fx`: alias of a left join to `int_finance__fx_daily` by currency and day.
    An amount that is in the reporting currency already needs no rate, and stays exact.
-#}
{% macro reporting_amount(amount, currency, fx='fx') -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then {{ amount }}
        else {{ amount }} / {{ fx }}.units_per_eur * {{ fx }}.reporting_units_per_eur
    end::numeric(24, 4)
{%- endmacro %}

{#-
    Post-hook of an incremental model that keeps amounts in the reporting currency (law 2): rates
    arrive after the amounts of their day, and are restated, so rows that stand get the amount that
    a full refresh would give them. What stands is compared with what would be: load numbers of
    rates and of amounts come from different tiers, of which one watermark would skip arrivals.

    `this` has the columns `amounts`, the same with the suffix `_reporting`, `currency` and
    `instant`, whose day decides the rate.
-#}
{% macro rerate(amounts, instant) -%}
    {%- if execute and is_incremental() -%}
        update {{ this }} as built
        set
            {%- for amount in amounts %}
            {{ amount }}_reporting = rated.{{ amount }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                {%- for amount in amounts %}
                {{ reporting_amount('stored.' ~ amount, 'stored.currency') }} as {{ amount }},
                {%- endfor %}
                {%- for amount in amounts %}
                stored.{{ amount }}_reporting,
                {%- endfor %}
                stored.ctid as place
            from {{ this }} as stored
            left join (select * from {{ ref('int_finance__fx_daily') }}) as fx
                on
                    stored.currency = fx.currency
                    and {{ local_date('stored.' ~ instant) }} = fx.rate_date
        ) as rated
        where
            built.ctid = rated.place
            and (
                {%- for amount in amounts %}
                rated.{{ amount }}_reporting is distinct from rated.{{ amount }}
                {{- ' or' if not loop.last }}
                {%- endfor %}
            )
    {%- endif -%}
{%- endmacro %}
