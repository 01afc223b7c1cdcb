-- One row per quiz the viewer of this session may see, and attempt scope.
{{
    config(
        meta={'grain': ['quiz_id', 'attempt_scope'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set measures = [
    'n', 'average_pct', 'median_pct', 'sd_pct', 'skewness', 'kurtosis', 'cic', 'error_ratio',
    'standard_error',
] %}

with statistics as (

    select * from {{ ref('bi_quiz_statistics') }}

),

final as (

    select
        quiz_id,
        attempt_scope,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        quiz_name,
        {% for measure in measures %}
            {{ unless_small(measure) }} as {{ measure }},
        {% endfor %}
        questions_count,
        max_marks,
        is_publishable,
        is_small
    from statistics
    where {{ viewer_sees('statistics.course_id') }}

)

select * from final
