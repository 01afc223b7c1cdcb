{#-
    Money in units people count in: Stripe's amounts are in the smallest unit of their currency.
    Exact, because both are numeric.
-#}
{% macro major_units(minor, exponent) -%}
    ({{ minor }})::numeric / power(10::numeric, ({{ exponent }})::numeric)
{%- endmacro %}
