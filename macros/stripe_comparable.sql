{#-
    A field of an object of Stripe as it can be compared between an event and an answer of the API:
    what one of both carries whole and the other names is its id, and of a list inside the object
    its entries count.
-#}
{% macro stripe_comparable(value) -%}
    case
        when {{ value }} ->> 'object' = 'list'
            then (
                select jsonb_agg(entry - 'discounts' order by entry ->> 'id')
                from jsonb_array_elements({{ value }} -> 'data') as entries (entry)
            )
        when {{ value }} ? 'object' and {{ value }} ? 'id' then {{ value }} -> 'id'
        when jsonb_typeof({{ value }}) = 'array'
            then (
                select
                    jsonb_agg(
                        case when entry ? 'object' and entry ? 'id' then entry -> 'id' else entry end
                        order by place
                    )
                from jsonb_array_elements({{ value }}) with ordinality as entries (entry, place)
            )
        else {{ value }}
    end
{%- endmacro %}
