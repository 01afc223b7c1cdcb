{#-
    What a quantity costs by tiers, in minor units. Volume: every unit at the price of the tier the
    quantity falls into. Graduated: each tier's units at that tier's price. Each tier that is
    reached adds its flat amount; the first always is, so that a base fee is due at 0 units, too.
    `tiers`: jsonb as Stripe has it, `up_to` null in the last; null gives null.
-#}
{% macro tiered_amount(tiers, tiers_mode, quantity) -%}
    (
        select
            case {{ tiers_mode }}
                when 'graduated'
                    then
                        sum(
                            (least({{ quantity }}, tier.up_to) - tier.above) * tier.unit_amount
                            + tier.flat_amount
                        ) filter (where tier.number = 1 or {{ quantity }} > tier.above)
                when 'volume'
                    then
                        sum({{ quantity }} * tier.unit_amount + tier.flat_amount) filter (
                            where
                            (tier.number = 1 or {{ quantity }} > tier.above)
                            and (tier.up_to is null or {{ quantity }} <= tier.up_to)
                        )
            end
        from (
            select
                tiers.number,
                (tiers.tier ->> 'up_to')::numeric as up_to,
                coalesce(
                    lag((tiers.tier ->> 'up_to')::numeric) over (order by tiers.number), 0
                ) as above,
                coalesce(
                    tiers.tier ->> 'unit_amount_decimal', tiers.tier ->> 'unit_amount', '0'
                )::numeric as unit_amount,
                coalesce(
                    tiers.tier ->> 'flat_amount_decimal', tiers.tier ->> 'flat_amount', '0'
                )::numeric as flat_amount
            from jsonb_array_elements({{ tiers }}) with ordinality as tiers (tier, number)
        ) as tier
    )
{%- endmacro %}
