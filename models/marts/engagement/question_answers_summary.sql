-- One row per day, quiz and question that the tracker saw answered.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key=['date', 'quiz_id', 'question_id'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['date', 'quiz_id', 'question_id'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['date', 'quiz_id', 'question_id'], 'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

with arrived as (

    {{ first_arrivals(ref('fact_learning_event'), 'quiz') }}

),

answers as (

    select
        {{ local_date('ts') }} as date,
        coalesce(source_parent_id, '') as quiz_id,
        source_object_id as question_id,
        count(*) as attempts_count,
        count(*) filter (where is_correct) as correct_count,
        count(is_correct) as judged_count,
        count(duration_seconds) as timed_count,
        -- who leaves a question open does not think about it all the time
        coalesce(
            sum(
                case
                    when duration_seconds is not null
                        then least(duration_seconds, {{ var('dwell_cap_seconds') }})
                end
            ), 0
        ) as time_spent,
        max(_first_load_id) as _load_id
    from arrived
    where source_object_id is not null
    group by date, quiz_id, question_id

),

-- an event is counted once, when it arrives
totals as (

    select
        answers.date,
        answers.quiz_id,
        answers.question_id,
        {%- for column in [
            'attempts_count', 'correct_count', 'judged_count', 'timed_count', 'time_spent',
        ] %}
            {%- if is_incremental() %}
                answers.{{ column }} + coalesce(known.{{ column }}, 0) as {{ column }},
            {%- else %}
                answers.{{ column }},
            {%- endif %}
        {%- endfor %}
        answers._load_id
    from answers
    {% if is_incremental() %}
        left join {{ this }} as known
            on
                answers.date = known.date
                and answers.quiz_id = known.quiz_id
                and answers.question_id = known.question_id
    {% endif %}

),

final as (

    select
        ---------- promised columns, in the promised order
        date,
        quiz_id,
        question_id,
        attempts_count::integer as attempts_count,
        correct_count::integer as correct_count,
        (time_spent / nullif(timed_count, 0))::numeric(12, 2) as avg_time_spent,
        (1 - correct_count::numeric / nullif(judged_count, 0))::numeric(5, 4)
            as difficulty_estimate,

        ---------- more
        {{ date_key('date') }} as date_key,
        judged_count::integer as judged_count,
        timed_count::integer as timed_count,
        time_spent::numeric(16, 6) as time_spent,
        _load_id
    from totals

)

select * from final
