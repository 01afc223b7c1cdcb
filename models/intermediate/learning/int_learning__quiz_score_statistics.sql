-- One row per quiz and attempt scope: the distribution of the attempts' marks.
{{
    config(
        materialized='incremental',
        unique_key='quiz_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['quiz_id', 'attempt_scope'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['quiz_id', 'attempt_scope'], 'owner': 'data-team', 'exists_column': 'n',
        },
    )
}}

with touched as (

    select
        quiz_id,
        max(_load_id) as _load_id
    from {{ ref('fact_question_attempt') }}
    where quiz_id is not null and {{ arrived_since_last_build() }}
    group by quiz_id

),

scored_slots as (

    select * from {{ ref('int_learning__scored_slots') }}
    {% if is_incremental() %}
        where quiz_id = any(array(select touched.quiz_id from touched))
    {% endif %}

),

scores as (

    select
        quiz_id,
        attempt_scope,
        attempt_id,
        max(course_id) as course_id,
        max(sum_marks) as sum_marks
    from scored_slots
    group by quiz_id, attempt_scope, attempt_id

),

deviations as (

    select
        *,
        sum_marks - avg(sum_marks) over (partition by quiz_id, attempt_scope) as deviation
    from scores

),

moments as (

    select
        quiz_id,
        attempt_scope,
        max(course_id) as course_id,
        count(*)::numeric as n,
        avg(sum_marks) as average_marks,
        percentile_cont(0.5) within group (order by sum_marks)::numeric as median_marks,
        var_samp(sum_marks) as k2,
        avg(deviation ^ 2) as m2,
        avg(deviation ^ 3) as m3,
        avg(deviation ^ 4) as m4
    from deviations
    group by quiz_id, attempt_scope

),

-- Fisher's k-statistics: estimates of the cumulants of all possible attempts
cumulants as (

    select
        *,
        n * n * m3 / nullif((n - 1) * (n - 2), 0) as k3,
        n * n * ((n + 1) * m4 - 3 * (n - 1) * m2 ^ 2)
        / nullif((n - 1) * (n - 2) * (n - 3), 0) as k4
    from moments

),

final as (

    select
        ---------- ids
        touched.quiz_id,
        cumulants.course_id,
        cumulants.attempt_scope,

        ---------- measures
        cumulants.n::integer as n,
        cumulants.average_marks::numeric(18, 8) as average_marks,
        cumulants.median_marks::numeric(18, 8) as median_marks,
        cumulants.k2::numeric(38, 18) as marks_variance,
        (cumulants.k3 / nullif(cumulants.k2 ^ 1.5, 0))::numeric(18, 8) as skewness,
        (cumulants.k4 / nullif(cumulants.k2 ^ 2, 0))::numeric(18, 8) as kurtosis,

        ---------- bookkeeping
        touched._load_id
    from touched
    {{ 'left' if is_incremental() else 'inner' }} join cumulants
        on touched.quiz_id = cumulants.quiz_id

)

select * from final
