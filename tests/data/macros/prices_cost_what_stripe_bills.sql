-- Proves what quantities cost: per unit, in packages, by volume and by graduated tiers.
with tiered as (

    select
        '[
            {"up_to": 5, "unit_amount": 700, "unit_amount_decimal": "700", "flat_amount": 1000},
            {"up_to": 10, "unit_amount": 650, "flat_amount": null},
            {"up_to": null, "unit_amount": null, "unit_amount_decimal": "600.5", "flat_amount": 200}
        ]'::jsonb as tiers

),

cases as (

    select
        examples.*,
        tiered.tiers,
        examples.transformation::jsonb as transform_quantity
    from tiered
    cross join (
        values
        ('per_unit', null, null, 0, 250, 0),
        ('per_unit', null, null, 3, 250, 750),
        ('per_unit', null, null, 1000, 0.125, 125),
        ('per_unit', null, '{"divide_by": 10, "round": "up"}', 20, 250, 500),
        ('per_unit', null, '{"divide_by": 10, "round": "up"}', 21, 250, 750),
        ('per_unit', null, '{"divide_by": 10, "round": "up"}', 0, 250, 0),
        ('per_unit', null, '{"divide_by": 10, "round": "down"}', 29, 250, 500),
        ('per_unit', null, '{"divide_by": 10, "round": "down"}', 9, 250, 0),
        -- every unit at the price of its tier, whose bounds belong to it
        ('tiered', 'volume', null, 1, null, 1700),
        ('tiered', 'volume', null, 5, null, 4500),
        ('tiered', 'volume', null, 6, null, 3900),
        ('tiered', 'volume', null, 10, null, 6500),
        ('tiered', 'volume', null, 12, null, 7406),
        -- 5 at 7.00 and 10.00 for the tier; 5 more at 6.50; 2 more at 6.005 and 2.00
        ('tiered', 'graduated', null, 1, null, 1700),
        ('tiered', 'graduated', null, 5, null, 4500),
        ('tiered', 'graduated', null, 6, null, 5150),
        ('tiered', 'graduated', null, 10, null, 7750),
        ('tiered', 'graduated', null, 12, null, 9151),
        -- the base fee is due without any unit
        ('tiered', 'volume', null, 0, null, 1000),
        ('tiered', 'graduated', null, 0, null, 1000)
    ) as examples
        (billing_scheme, tiers_mode, transformation, quantity, unit_amount_minor, amount_minor)

),

found as (

    select
        cases.*,
        {{ price_amount('cases') }} as found_minor,
        {{ tiered_amount('null::jsonb', 'cases.tiers_mode', 'cases.quantity') }} as untold_minor
    from cases

)

select *
from found
where
    found_minor is distinct from amount_minor
    or untold_minor is not null
