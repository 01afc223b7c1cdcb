-- One row per record of the shop's topics, copies included: one shape, pseudonymised.
{%- set topics = {
    'clicks': ['product_id', 'page', 'referrer'],
    'cart': ['product_id', 'event_kind', 'quantity'],
    'purchase': ['items', 'total_amount', 'currency', 'stripe_payment_intent_id'],
} %}
{%- set types = {
    'product_id': 'text', 'page': 'text', 'referrer': 'text', 'event_kind': 'text',
    'quantity': 'integer', 'items': 'jsonb', 'total_amount': 'numeric', 'currency': 'text',
    'stripe_payment_intent_id': 'text',
} %}

with records as (

    {% for topic, columns in topics.items() %}
        select
            '{{ topic }}' as topic,
            event_id,
            person_system,
            person_id,
            source_session_id,
            {% for column, type in types.items() %}
                {{ column if column in columns else 'null::' ~ type }} as {{ column }},
            {% endfor %}
            occurred_at,
            lane,
            source_partition,
            source_offset,
            _load_id,
            _loaded_at
        from {{ ref('stg_events__' ~ topic) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['records.topic', 'records.event_id']) }} as event_key,
        records.event_id,
        records.topic,
        {{ event_student_hash('pseudonyms', 'records') }} as visitor_hash,
        records.person_system = 'visitor' as is_anonymous,
        records.source_session_id,
        records.product_id,

        ---------- what happened
        {{ page_path('records.page') }} as page,
        {{ domain_of('records.referrer') }} as referrer_domain,
        case when records.topic = 'cart' then coalesce(records.event_kind, 'add') end
            as event_kind,
        records.quantity,
        -- an update says how many there are now; what is added cannot be negative
        case
            when records.event_kind = 'remove' then -abs(records.quantity)
            when coalesce(records.event_kind, 'add') = 'add' and records.quantity >= 0
                then records.quantity
        end as quantity_change,
        records.items,
        records.total_amount,
        records.currency,
        records.stripe_payment_intent_id,
        {{ is_misdated('records.occurred_at', 'records._loaded_at') }} as is_misdated,

        ---------- timestamps
        records.occurred_at as ts,

        ---------- bookkeeping
        records.lane,
        records.source_partition,
        records.source_offset,
        records._load_id,
        records._loaded_at
    from records
    left join pseudonyms
        on
            records.person_system = pseudonyms.source_system
            and records.person_id = pseudonyms.source_user_id

)

select * from final
