-- One row per means of payment: those Stripe lists, and those only charges know.
{{
    config(
        indexes=[{'columns': ['payment_method_type_key'], 'unique': true}],
        meta={'grain': ['payment_method_type'], 'owner': 'data-team'},
    )
}}

with listed as (

    select * from {{ ref('payment_method_types') }}

),

mentioned as (

    select distinct payment_method_type from {{ ref('int_finance__charges') }}
    where payment_method_type is not null

),

types as (

    select
        coalesce(listed.payment_method_type, mentioned.payment_method_type) as payment_method_type,
        listed.name,
        listed.family,
        listed.payment_method_type is not null as is_known
    from listed
    full outer join mentioned on listed.payment_method_type = mentioned.payment_method_type

),

-- a row beside all others, null in every attribute: what rows without a type point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ surrogate_key(['types.payment_method_type']) }} as payment_method_type_key,
        types.payment_method_type,
        types.name,
        types.family,
        coalesce(types.is_known, unknown_member.is_known) as is_known
    from types
    full outer join unknown_member on false

)

select * from final
