-- One row per person and course the person looked at, paid for or studied, to its completion.
{{
    config(
        indexes=[
            {'columns': ['person_key', 'course_id'], 'unique': true},
            {'columns': ['course_id']},
        ],
        meta={'grain': ['person_key', 'course_id'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set steps = [
    'click', 'cart', 'purchase', 'enrol', 'first_access', 'progress_25', 'progress_50',
    'progress_75', 'completion', 'refund',
] %}

with taken as (

    select * from {{ ref('int_cross__course_steps') }}

),

accounts as (

    select * from {{ ref('int_cross__person_accounts') }}
    where source_system <> 'stripe'

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

funnels as (

    select
        {% for step in steps %}
            min(ts) filter (where step = '{{ step }}') as {{ step }}_at,
        {% endfor %}
        person_key,
        course_id
    from taken
    group by person_key, course_id

),

persons as (

    select distinct
        person_key,
        student_hash
    from accounts

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['funnels.person_key', 'funnels.course_id']) }} as funnel_key,
        coalesce(learners.learner_key, {{ version_key('persons.student_hash') }}) as learner_key,
        coalesce(courses.course_key, {{ version_key('null::bigint') }}) as course_key,

        ---------- ids
        funnels.person_key,
        persons.student_hash,
        funnels.course_id,

        ---------- steps, the first time of each
        {% for step in steps %}
            funnels.{{ step }}_at,
        {% endfor %}

        ---------- how far
        case
            {% for step in (steps | reject('equalto', 'refund') | list) | reverse %}
                when funnels.{{ step }}_at is not null then '{{ step }}'
            {% endfor %}
        end as furthest_step,
        funnels.purchase_at is not null as is_paid,
        funnels.refund_at is not null as is_refunded,

        ---------- latencies
        {{ local_date('funnels.first_access_at') }} - {{ local_date('funnels.purchase_at') }}
            as days_from_purchase_to_access,
        {{ local_date('funnels.completion_at') }} - {{ local_date('funnels.purchase_at') }}
            as days_from_purchase_to_completion
    from funnels
    inner join persons on funnels.person_key = persons.person_key
    left join learners on persons.student_hash = learners.student_hash
    left join courses on funnels.course_id = courses.course_id

)

select * from final
