-- One row per event of the shop, with the session of the visitor it belongs to.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['visitor_hash', 'ts']},
            {'columns': ['session_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

{%- set columns = [
    'event_key', 'event_id', 'topic', 'visitor_hash', 'student_hash', 'user_key', 'learner_key',
    'source_session_id', 'product_id', 'page', 'referrer_domain', 'event_kind', 'quantity',
    'quantity_change', 'items', 'total_amount', 'currency', 'stripe_payment_intent_id', 'is_anonymous',
    'is_misdated', 'ts', 'lane', '_load_id', '_loaded_at',
] %}

with records as (

    select * from {{ ref('int_commerce__shop_events') }}
    where {{ arrived_since_last_build() }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

-- of an event that arrived more than once the first arrival counts
first_copies as (

    select distinct on (event_key) *
    from records
    order by event_key, _load_id, lane, source_partition, source_offset

),

arrived as (

    select
        copies.*,
        case when not copies.is_anonymous then copies.visitor_hash end as student_hash,
        case
            when copies.is_anonymous then {{ version_key('null::text') }}
            else coalesce(learners.learner_key, {{ version_key('copies.visitor_hash') }})
        end as learner_key,
        coalesce(learners.learner_key, {{ version_key('copies.visitor_hash') }}) as user_key
    from first_copies as copies
    left join learners
        on
            copies.visitor_hash = learners.student_hash
            and {{ valid_at('learners', 'copies.ts', 'copies._loaded_at') }}
    {% if is_incremental() %}
        where not exists (
            select 1 from {{ this }} as known
            where known.event_key = copies.event_key
        )
    {% endif %}

),

affected as (

    select {{ columns | join(', ') }} from arrived
    {% if is_incremental() %}
        union all
        {{ reopened_events(
            'arrived', columns, only='not is_misdated', learner='visitor_hash'
        ) }}
    {% endif %}

),

sessionized as (

    {{ sessionize(
        'affected', learner='visitor_hash', event_id='event_key', only='not is_misdated'
    ) }}

),

final as (

    select
        ---------- keys
        event_key,
        user_key,
        learner_key,

        ---------- ids
        event_id,
        topic,
        visitor_hash,
        student_hash,
        session_id,
        source_session_id,
        product_id,

        ---------- what happened
        page,
        referrer_domain,
        event_kind,
        quantity,
        quantity_change,
        items,
        total_amount,
        currency,
        stripe_payment_intent_id,

        ---------- classification
        is_anonymous,
        is_misdated,
        is_session_start,

        ---------- timestamps
        ts,
        session_started_at,

        ---------- bookkeeping: a re-opened event arrives anew for the models behind this one
        lane,
        {% if is_incremental() %}
            (select max(arrived._load_id) from arrived) as _load_id,
        {% else %}
            _load_id,
        {% endif %}
        _loaded_at
    from sessionized

)

select * from final
