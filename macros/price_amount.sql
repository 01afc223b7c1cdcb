{#-
    What a billing cycle of a licensed price costs at a quantity, before discounts, in minor units
    and in fractions of them where the unit price has some. `price` is the alias of a relation
    with the columns billing_scheme, unit_amount_minor, quantity, transform_quantity, tiers and
    tiers_mode.
-#}
{% macro price_amount(price) -%}
    case {{ price }}.billing_scheme
        when 'tiered'
            then {{ tiered_amount(price ~ '.tiers', price ~ '.tiers_mode', price ~ '.quantity') }}
        else
            {{ price }}.unit_amount_minor
            * {{ transformed_quantity(price ~ '.quantity', price ~ '.transform_quantity') }}
    end
{%- endmacro %}
