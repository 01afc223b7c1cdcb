-- One row per component, and one for the whole pipeline: how long it was down in the last 30 days.
{{ config(meta={'grain': ['component'], 'owner': 'data-team'}) }}

with signs as (

    select
        component,
        kind,
        is_failed,
        signed_at,
        lead(signed_at) over (
            partition by component order by signed_at asc, kind = 'end' asc
        ) as next_at,
        -- from the end: of a frame that only grows a minimum costs one step
        min(signed_at) filter (where not is_failed) over (
            partition by component
            order by signed_at desc, kind = 'end' desc
            rows between unbounded preceding and 1 preceding
        ) as recovered_at
    from {{ ref('int_ops__life_signs') }}

),

limits as (

    select
        {{ present() }} as period_end,
        {{ present() }} - interval '30 days' as period_start,
        max(threshold) filter (where rule = 'stream_stale') * interval '1 second' as silence,
        max(threshold) filter (where rule = 'availability') as objective_rate
    from {{ ref('alert_rules') }}

),

-- from a failure to the next success; from the last pulse of what ran on to the next sign of it
outages as (

    select
        signs.component,
        tstzrange(
            -- a load may fail while this is read
            least(signs.signed_at, limits.period_end),
            coalesce(
                case when signs.is_failed then signs.recovered_at else signs.next_at end,
                limits.period_end
            )
        ) * tstzrange(limits.period_start, limits.period_end) as outage
    from signs
    cross join limits
    where
        signs.is_failed
        or (
            signs.kind = 'pulse'
            and coalesce(signs.next_at, limits.period_end) - signs.signed_at > limits.silence
        )

),

components as (

    select
        coalesce(component, 'pipeline') as component,
        min(signed_at) as first_at
    from signs
    group by grouping sets ((component), ())
    having count(*) > 0

),

-- what was down at the same time counts once
down as (

    select
        components.component,
        range_agg(outages.outage) as outages
    from components
    inner join outages on components.component in (outages.component, 'pipeline')
    group by components.component

),

minutes as (

    select
        components.component,
        extract(
            epoch from limits.period_end - greatest(components.first_at, limits.period_start)
        ) / 60 as observed_minutes,
        coalesce((
            select sum(extract(epoch from upper(outage) - lower(outage)))
            from unnest(down.outages) as outage
        ), 0) / 60 as down_minutes,
        (1 - limits.objective_rate) * 30 * 1440 as budget_minutes
    from components
    cross join limits
    left join down on components.component = down.component

),

final as (

    select
        component,
        observed_minutes::numeric(10, 2) as observed_minutes,
        down_minutes::numeric(10, 2) as down_minutes,
        budget_minutes::numeric(10, 2) as budget_minutes,
        (budget_minutes - down_minutes)::numeric(10, 2) as budget_left_minutes,
        (1 - down_minutes / (30 * 1440))::numeric(9, 8) as availability_rate,
        down_minutes <= budget_minutes as is_within_budget
    from minutes

)

select * from final
