-- One row per course, month people first met it, way in and step they came to.
{{
    config(
        meta={
            'grain': ['course_id', 'cohort_month', 'is_paid', 'step'], 'owner': 'data-team',
        },
    )
}}

{%- set steps = [
    ('click', 'looked'),
    ('cart', 'put into the cart'),
    ('purchase', 'bought'),
    ('enrol', 'enrolled'),
    ('first_access', 'opened'),
    ('progress_25', '25 % done'),
    ('progress_50', '50 % done'),
    ('progress_75', '75 % done'),
    ('completion', 'completed'),
] %}

with journeys as (

    select * from {{ ref('funnel_to_completion') }}

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

steps as (

    select
        journeys.course_id,
        journeys.is_paid,
        steps.step_no,
        steps.step,
        date_trunc(
            'month',
            least(
                {% for column, step in steps %}
                    {{ local_date('journeys.' ~ column ~ '_at') }}{{ ',' if not loop.last }}
                {% endfor %}
            )
        )::date as cohort_month
    from journeys
    cross join
        lateral (
            values
            {% for column, step in steps %}
                ({{ loop.index }}, '{{ step }}', journeys.{{ column }}_at){{ ',' if not loop.last }}
            {% endfor %}
        ) as steps (step_no, step, taken_at)
    where steps.taken_at is not null

),

final as (

    select
        steps.course_id,
        steps.cohort_month,
        steps.is_paid,
        steps.step,
        steps.step_no,
        steps.step_no || '. ' || steps.step as numbered_step,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        count(*)::integer as people_count
    from steps
    inner join course_names on steps.course_id = course_names.course_id
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

)

select * from final
