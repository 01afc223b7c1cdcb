-- A sum over rows without a rate is null, one over no row is 0, and rows left out do not matter.
with amounts as (

    select * from (
        values ('a', 1.5, true), ('a', 2.0, true), ('a', null, false), ('b', null, true)
    ) as amounts (key, amount, counts)

),

sums as (

    select
        key,
        {{ sum_if_known('amount') }} as all_rows,
        {{ sum_if_known('amount', 'counts') }} as counting_rows,
        {{ sum_if_known('amount', 'amount > 100') }} as no_rows
    from amounts
    group by key

)

select * from sums
where
    all_rows is not null
    or no_rows <> 0
    or counting_rows is distinct from case key when 'a' then 3.5 end
