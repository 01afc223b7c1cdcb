{#-
    The quantity a price is multiplied by: packages of `divide_by` units, begun ones counted
    (`round` up) or not (down); without a transformation the quantity itself.
-#}
{% macro transformed_quantity(quantity, transform_quantity) -%}
    case {{ transform_quantity }} ->> 'round'
        when 'up'
            then ceil({{ quantity }}::numeric / ({{ transform_quantity }} ->> 'divide_by')::numeric)
        when 'down'
            then floor({{ quantity }}::numeric / ({{ transform_quantity }} ->> 'divide_by')::numeric)
        else {{ quantity }}::numeric
    end
{%- endmacro %}
