{#-
    A select of the rules and label sets to evaluate, and since when: all with samples that arrived
    since the model last read them, or that may have left a window since, and those that are firing.
    The model holds nothing of rules that are not broken, so how far it has read is asked of its own
    runs (law 1: arrival decides, and the hour more is for what was written then and not committed).
    A window is at most a day long, a test of the seed holds it.
-#}
{% macro touched_series(rules, samples, runs) -%}
    select
        rules.rule,
        rules.metric,
        rules.aggregate,
        rules.comparator,
        rules.threshold,
        rules.severity,
        rules.window_length,
        rules.cooldown,
        touched.labels,
        -- a sample may also end the window of a break before it
        date_bin(
            rules.cooldown, min(touched.touched_at) - rules.window_length,
            timestamptz '2000-01-01 00:00+00'
        ) as since
    from (
        select
            arrived.rule,
            arrived.labels,
            arrived.sampled_at as touched_at
        from {{ samples }} as arrived
        {% if is_incremental() %}
            where
                arrived.written_at > coalesce((
                    select max(started_at) - interval '1 day 1 hour' from {{ runs }}
                    where node_name = 'alert_event' and status = 'success'
                ), '-infinity')
            union all
            select
                firing.rule,
                firing.labels,
                firing.window_start as touched_at
            from {{ this }} as firing
            where firing.state = 'firing'
        {% endif %}
    ) as touched
    inner join {{ rules }} as rules on touched.rule = rules.rule
    group by
        rules.rule, rules.metric, rules.aggregate, rules.comparator, rules.threshold,
        rules.severity, rules.window_length, rules.cooldown, touched.labels
{%- endmacro %}
