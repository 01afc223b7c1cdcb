-- Proves that percentages off multiply, in any order, that all off leaves nothing, and that none
-- gives null.
with cases as (

    select *
    from (
        values
        ('one', 25, 0.75),
        ('two', 20, 0.72),
        ('two', 10, 0.72),
        ('all', 100, 0),
        ('all', 50, 0),
        ('fractions', 33.33, 0.6667),
        ('nothing', 0, 1),
        ('amounts only', null, null)
    ) as examples (name, percent_off, share_left)

),

found as (

    select
        name,
        max(share_left) as share_left,
        {{ remaining_share('percent_off') }} as found_share
    from cases
    group by name

)

select *
from found
where found_share is distinct from share_left
