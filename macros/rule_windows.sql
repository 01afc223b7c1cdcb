{#-
    A select of what the windows of rules of alerts hold, and whether that breaks the rule, at every
    instant at which it changes: a sample enters a window when it is taken and leaves it a window's
    length later. A window holds the samples of (instant - length, instant]. Between two instants
    nothing changes, so no break is missed however seldom somebody looks, and looking twice sees the
    same.

    Samples are looked up per instant, which is one step in the index of ops.metric_sample; a window
    function could not have another length for each rule.
-#}
{% macro rule_windows(series, samples) -%}
    select
        instants.rule,
        instants.labels,
        instants.evaluated_at,
        held.value,
        coalesce(held.is_broken, false) as is_broken
    from (
        select
            series.rule,
            series.labels,
            taken.sampled_at as evaluated_at
        from {{ series }} as series
        inner join {{ samples }} as taken
            on
                series.rule = taken.rule
                and series.labels = taken.labels
                and series.since <= taken.sampled_at
        union
        select
            series.rule,
            series.labels,
            taken.sampled_at + taken.window_length as evaluated_at
        from {{ series }} as series
        inner join {{ samples }} as taken
            on
                series.rule = taken.rule
                and series.labels = taken.labels
                and series.since <= taken.sampled_at + taken.window_length
                and taken.sampled_at + taken.window_length <= {{ present() }}
    ) as instants
    inner join {{ series }} as rules
        on instants.rule = rules.rule and instants.labels = rules.labels
    cross join lateral (
        select
            aggregated.value,
            case rules.comparator
                when '>' then aggregated.value > rules.threshold
                when '>=' then aggregated.value >= rules.threshold
                when '<' then aggregated.value < rules.threshold
                when '<=' then aggregated.value <= rules.threshold
            end as is_broken
        from (
            select
                (case rules.aggregate
                    when 'max' then max(inside.value)
                    when 'min' then min(inside.value)
                    when 'avg' then avg(inside.value)
                    when 'sum' then sum(inside.value)
                    when 'count' then count(inside.value)
                    when 'last' then
                        (array_agg(
                            inside.value order by inside.sampled_at desc, inside.sample_id desc
                        ))[1]
                end)::double precision as value
            from {{ samples }} as inside
            where
                inside.rule = instants.rule
                and inside.labels = instants.labels
                and inside.sampled_at > instants.evaluated_at - rules.window_length
                and inside.sampled_at <= instants.evaluated_at
        ) as aggregated
    ) as held
{%- endmacro %}
