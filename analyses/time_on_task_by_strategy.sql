-- Does it matter for who learned most how time on task is estimated?
{%- set strategies = ['gap_cap', 'gap_drop', 'session_span'] %}

with days as (

    select * from {{ ref('int_learning__time_on_task_by_strategy') }}

),

people as (

    {% for strategy in strategies %}
        select
            student_hash,
            {{ loop.index }} as strategy_no,
            '{{ strategy }}' as strategy,
            sum({{ strategy }}_seconds) as seconds
        from days
        group by student_hash
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- equals share the mean of their places, as Spearman's coefficient wants it
ranked as (

    select
        *,
        rank() over strategies
        + (count(*) over (partition by strategy, seconds) - 1) / 2.0 as place,
        ntile(4) over (partition by strategy order by seconds, student_hash) as quartile
    from people
    window strategies as (partition by strategy order by seconds desc)

),

final as (

    select
        one.strategy,
        other.strategy as other_strategy,
        count(*) as people_count,
        sum(one.seconds) as total_seconds,
        sum(other.seconds) as other_total_seconds,
        round(sum(other.seconds) / sum(one.seconds), 4) as total_ratio,
        round(corr(one.place, other.place)::numeric, 4) as rank_correlation,
        max(abs(one.place - other.place))::numeric(10, 1) as largest_shift,
        (
            percentile_cont(0.5) within group (order by abs(one.place - other.place))
        )::numeric(10, 1) as median_shift,
        count(*) filter (where one.quartile != other.quartile) as other_quartile_count
    from ranked as one
    inner join ranked as other
        on one.student_hash = other.student_hash and one.strategy_no < other.strategy_no
    group by one.strategy, other.strategy
    order by min(one.strategy_no), min(other.strategy_no)

)

select * from final
