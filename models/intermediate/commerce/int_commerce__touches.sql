-- One row per touch that brought a buyer to the shop: a session's start, or a referrer in it.
with buyers as (

    select distinct visitor_hash from {{ ref('fact_orders') }}

),

events as (

    select * from {{ ref('int_commerce__events') }}
    where
        session_id is not null
        and visitor_hash in (select buyers.visitor_hash from buyers)

),

channels as (

    select * from {{ ref('referrer_channels') }}

),

-- our own pages and the page of the payment send people back, they bring nobody
referred as (

    select
        session_id,
        visitor_hash,
        is_session_start,
        case
            when
                not {{ is_within_domains('referrer_domain', var('own_domains')) }}
                and not {{ is_within_domains('referrer_domain', var('payment_domains')) }}
                then referrer_domain
        end as referrer_domain,
        ts
    from events

),

-- browsers repeat the referrer on every page of a visit: only the first counts
touches as (

    select
        session_id,
        visitor_hash,
        referrer_domain,
        min(ts) as touched_at
    from referred
    where is_session_start or referrer_domain is not null
    group by session_id, visitor_hash, referrer_domain

),

final as (

    select
        touches.session_id,
        touches.visitor_hash,
        touches.referrer_domain,
        case
            when touches.referrer_domain is null then 'direct'
            else coalesce(channel.channel, 'referral')
        end as channel,
        touches.touched_at
    from touches
    left join lateral (
        select channels.channel
        from channels
        where
            touches.referrer_domain = channels.domain
            or right(touches.referrer_domain, length(channels.domain) + 1) = '.' || channels.domain
        order by length(channels.domain) desc
        limit 1
    ) as channel on true

)

select * from final
