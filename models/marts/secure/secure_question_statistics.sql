-- One row per slot of a quiz the viewer of this session may see, and attempt scope.
{{
    config(
        meta={
            'grain': ['quiz_id', 'slot', 'attempt_scope'],
            'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

{%- set measures = [
    'n', 'facility_index', 'sd', 'effective_weight', 'discrimination_index',
    'discriminative_efficiency', 'quality', 'is_dubious',
] %}

with statistics as (

    select * from {{ ref('bi_question_statistics') }}

),

final as (

    select
        quiz_id,
        slot,
        attempt_scope,
        course_id,
        course_name,
        course_code,
        category_name,
        top_category_name,
        quiz_name,
        question_name,
        question_type,
        {% for measure in measures %}
            {{ unless_small(measure) }} as {{ measure }},
        {% endfor %}
        max_mark,
        random_guess_score,
        intended_weight,
        is_publishable,
        is_small
    from statistics
    where {{ viewer_sees('statistics.course_id') }}

)

select * from final
