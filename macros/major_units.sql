{#-
    Money in units people count in: Stripe's amounts are in the smallest unit of their currency.
    Exact: of numeric a product loses no digit, where a quotient might.
-#}
{% macro major_units(minor, exponent) -%}
    trim_scale(({{ minor }})::numeric * power(10::numeric, -({{ exponent }})::numeric))
{%- endmacro %}
