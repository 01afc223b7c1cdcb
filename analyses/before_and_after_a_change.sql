-- Did learners use an activity more after it was changed than before?
{%- set days = 14 %}
{%- set attributes = {
    'name': 'name',
    'chapter': 'chapter_id',
    'completion rule': 'completion_rule',
    'highest grade': 'max_grade',
    'deadline': 'due_at',
    'expected completion': 'completion_expected_at',
    'visibility': 'is_visible',
    'restrictions': 'is_restricted',
} %}

with versions as (

    select
        *,
        {% for column in attributes.values() -%}
            lag({{ column }}) over versions as old_{{ column }},
        {% endfor -%}
        row_number() over versions as version_no
    from {{ ref('dim_activity') }}
    where is_known
    window versions as (partition by activity_id order by valid_from)

),

site as (

    select * from {{ ref('site_summary') }}

),

-- both sides are cut to what the log covers, so each is divided by its own days
changes as (

    select
        versions.activity_key,
        versions.activity_id,
        versions.course_id,
        versions.module_name,
        versions.name,
        versions.valid_from as changed_at,
        concat_ws(
            ', ',
            {% for attribute, column in attributes.items() -%}
                case
                    when versions.{{ column }} is distinct from versions.old_{{ column }}
                        then '{{ attribute }}'
                end{{ ',' if not loop.last }}
            {% endfor %}
        ) as changed,
        greatest(versions.valid_from - interval '{{ days }} days', site.first_seen_at)
            as before_from,
        least(versions.valid_from + interval '{{ days }} days', site.as_of) as after_to
    from versions
    cross join site
    where versions.version_no > 1 and not versions.is_deleted and versions.valid_from < site.as_of

),

events as (

    select * from {{ ref('fact_learning_event') }}
    where is_engagement_event and activity_id is not null

),

nearby as (

    select
        changes.activity_key,
        events.student_hash,
        events.activity_id = changes.activity_id as is_own,
        events.ts >= changes.changed_at as is_after
    from changes
    inner join events
        on
            changes.course_id = events.course_id
            and changes.before_from <= events.ts
            and changes.after_to >= events.ts

),

-- the rest of the course tells what would have become of the activity anyway
counted as (

    select
        activity_key,
        count(*) filter (where is_own and not is_after) as events_before,
        count(*) filter (where is_own and is_after) as events_after,
        count(distinct student_hash) filter (where is_own and not is_after) as people_before,
        count(distinct student_hash) filter (where is_own and is_after) as people_after,
        count(*) filter (where not is_own and not is_after) as others_before,
        count(*) filter (where not is_own and is_after) as others_after
    from nearby
    group by activity_key

),

spans as (

    select
        *,
        extract(epoch from changed_at - before_from) / 86400 as days_before,
        extract(epoch from after_to - changed_at) / 86400 as days_after
    from changes

),

final as (

    select
        spans.activity_id,
        spans.course_id,
        spans.module_name,
        spans.name,
        spans.changed_at,
        spans.changed,
        round(spans.days_before, 1) as days_before,
        round(spans.days_after, 1) as days_after,
        coalesce(counted.people_before, 0) as people_before,
        coalesce(counted.people_after, 0) as people_after,
        round(coalesce(counted.events_before, 0) / nullif(spans.days_before, 0), 2)
            as daily_events_before,
        round(coalesce(counted.events_after, 0) / nullif(spans.days_after, 0), 2)
            as daily_events_after,
        round(
            counted.events_after / nullif(spans.days_after, 0)
            / nullif(counted.events_before / nullif(spans.days_before, 0), 0), 4
        ) as change_ratio,
        round(
            counted.others_after / nullif(spans.days_after, 0)
            / nullif(counted.others_before / nullif(spans.days_before, 0), 0), 4
        ) as rest_of_course_ratio
    from spans
    left join counted on spans.activity_key = counted.activity_key
    order by spans.changed_at, spans.activity_id

)

select * from final
