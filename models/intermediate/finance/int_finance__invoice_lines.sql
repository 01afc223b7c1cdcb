-- One row per line of an invoice of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['invoice_line_id'], 'owner': 'data-team'},
    )
}}

{%- set details = (
    "coalesce(nullif(line.parent -> 'subscription_item_details', 'null'),"
    ~ " line.parent -> 'invoice_item_details')"
) %}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'invoice' and is_current and not is_deleted

),

prices as (

    select * from {{ ref('int_finance__prices') }}
    where is_current

),

-- of both generations: what a line is for stood on the line, now it does in its parent and pricing
lines as (

    select
        versions.object_id as invoice_id,
        {{ stripe_id('invoice.customer') }} as customer_id,
        upper(invoice.currency) as currency,
        versions._load_id,
        line.id as invoice_line_id,
        coalesce(
            {{ stripe_id('line.subscription') }},
            {{ stripe_id(details ~ " -> 'subscription'") }}
        ) as subscription_id,
        coalesce(
            {{ stripe_id('line.subscription_item') }},
            {{ stripe_id(details ~ " -> 'subscription_item'") }}
        ) as subscription_item_id,
        coalesce(
            {{ stripe_id('line.price') }},
            {{ stripe_id("line.pricing #> '{price_details, price}'") }}
        ) as price_id,
        coalesce(
            {{ stripe_id("line.price -> 'product'") }},
            {{ stripe_id("line.pricing #> '{price_details, product}'") }}
        ) as product_id,
        coalesce(line.proration, ({{ details }} ->> 'proration')::boolean, false) as is_proration,
        line.amount as amount_minor,
        coalesce({{ jsonb_sum('line.discount_amounts', 'amount') }}, 0) as discount_minor,
        coalesce(
            {{ jsonb_sum('line.taxes', 'amount') }},
            {{ jsonb_sum('line.tax_amounts', 'amount') }},
            0
        ) as tax_minor,
        coalesce(
            {{ jsonb_sum('line.taxes', 'amount', "entry.value ->> 'tax_behavior' = 'inclusive'") }},
            {{ jsonb_sum('line.tax_amounts', 'amount', "entry.value ->> 'inclusive' = 'true'") }},
            0
        ) as tax_included_minor,
        coalesce(line.quantity, line.quantity_decimal) as quantity,
        {{ json_value('line.period', ['start'], 'bigint') }} as period_start,
        {{ json_value('line.period', ['end'], 'bigint') }} as period_end
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as invoice (
            customer jsonb,
            currency text,
            lines jsonb
        )
    cross join
        lateral jsonb_to_recordset(invoice.lines -> 'data') as line (
            id text,
            amount bigint,
            quantity numeric,
            quantity_decimal numeric,
            period jsonb,
            subscription jsonb,
            subscription_item jsonb,
            price jsonb,
            pricing jsonb,
            parent jsonb,
            proration boolean,
            discount_amounts jsonb,
            taxes jsonb,
            tax_amounts jsonb
        )

),

final as (

    select
        ---------- ids
        lines.invoice_line_id,
        lines.invoice_id,
        lines.customer_id,
        lines.subscription_id,
        lines.subscription_item_id,
        lines.price_id,
        coalesce(lines.product_id, prices.product_id) as product_id,

        ---------- amounts
        lines.currency,
        lines.quantity,
        lines.amount_minor,
        lines.discount_minor,
        lines.tax_minor,
        lines.amount_minor - lines.discount_minor - lines.tax_included_minor as amount_ex_tax_minor,
        lines.is_proration,

        ---------- timestamps
        {{ epoch_to_timestamp('lines.period_start') }} as period_start,
        {{ epoch_to_timestamp('lines.period_end') }} as period_end,

        ---------- bookkeeping
        lines._load_id
    from lines
    left join prices on lines.price_id = prices.price_id

)

select * from final
