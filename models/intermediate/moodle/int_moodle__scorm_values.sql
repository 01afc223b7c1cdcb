-- One row per tracked value of a SCORM attempt, with what it measures and the value as a number.
{#- SCORM 1.2 and SCORM 2004 name the same things differently. -#}
{%- set measures = {
    'x.start.time': 'started',
    'cmi.core.lesson_status': 'progress',
    'cmi.completion_status': 'progress',
    'cmi.success_status': 'success',
    'cmi.core.score.raw': 'score raw',
    'cmi.score.raw': 'score raw',
    'cmi.core.score.min': 'score min',
    'cmi.score.min': 'score min',
    'cmi.core.score.max': 'score max',
    'cmi.score.max': 'score max',
    'cmi.score.scaled': 'score scaled',
    'cmi.core.total_time': 'seconds',
    'cmi.total_time': 'seconds',
} %}

with tracks as (

    select * from {{ ref('int_moodle__scorm_tracks') }}

),

named as (

    select
        *,
        case element_name
            {% for name, measure in measures.items() %}
                when '{{ name }}' then '{{ measure }}'
            {% endfor %}
        end as measure
    from tracks

),

final as (

    select
        scorm_attempt_key,
        scorm_id,
        sco_id,
        activity_id,
        course_id,
        student_hash,
        attempt_no,
        track_id,
        is_legacy,
        element_name,
        measure,
        case
            when measure = 'seconds' then {{ scorm_seconds('element_value') }}
            when measure not in ('progress', 'success') then {{ scorm_number('element_value') }}
        end as number_value,
        -- anything else, such as unknown, says nothing
        case
            when measure = 'success'
                then substring(lower(trim(element_value)) from '^(passed|failed)$')
            when measure = 'progress'
                then
                    substring(
                        lower(trim(element_value))
                        from '^(passed|failed|completed|incomplete|browsed|not attempted)$'
                    )
        end as status_value,
        element_name like 'cmi.core.%' as is_scorm_12,
        modified_at,
        is_deleted,
        _load_id,
        _loaded_at
    from named

)

select * from final
