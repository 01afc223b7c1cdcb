-- One row per version of a product of Stripe.
{{
    config(
        indexes=[{'columns': ['product_key'], 'unique': true}, {'columns': ['product_id']}],
        meta={'grain': ['product_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'catalogue_product_id', 'name', 'product_type', 'is_active', 'is_deleted', 'created_at',
] %}

with versions as (

    {{ scd2_changes(ref('int_finance__products'), 'product_id', attributes) }}

),

-- what only other objects mention is there too
mentioned as (

    select product_id from {{ ref('int_finance__products') }}
    where product_id is not null
    union
    select product_id from {{ ref('int_finance__prices') }}
    where product_id is not null
    union
    select product_id from {{ ref('int_finance__invoice_lines') }}
    where product_id is not null
    union
    select product_id from {{ ref('int_finance__subscription_items') }}
    where product_id is not null

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

members as (

    select
        mentioned.product_id,
        {%- for attribute in attributes %}
            versions.{{ attribute }},
        {%- endfor %}
        coalesce(unknown_member.is_known, versions.product_id is not null) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from mentioned
    left join versions on mentioned.product_id = versions.product_id
    full outer join unknown_member on false

),

final as (

    select
        {{ version_key('members.product_id', 'members.valid_from') }} as product_key,
        members.product_id,
        members.catalogue_product_id,
        members.name,
        members.product_type,
        members.is_active,
        members.is_deleted,
        members.created_at,
        members.is_known,
        members.valid_from,
        members.valid_to,
        members.is_current
    from members

)

select * from final
