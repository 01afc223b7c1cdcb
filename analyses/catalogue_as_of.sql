-- What did the catalogue look like at the end of a day, and what has changed since?
{%- set as_of = var('as_of', '') %}
{%- set attributes = {
    'name': 'fullname',
    'code': 'shortname',
    'category': 'category',
    'visibility': 'is_visible',
    'price': 'list_price',
    'currency': 'list_currency',
    'start': 'start_date',
    'end': 'end_date',
} %}

with courses as (

    select * from {{ ref('dim_course') }}
    where is_known and not is_site_page

),

categories as (

    select * from {{ ref('dim_course_category') }}
    where is_known

),

-- the first version of a course reaches back to 1970, the log knows better when it was made
created as (

    select
        course_id,
        min(ts) as created_at
    from {{ ref('fact_learning_event') }}
    where event_name = '\core\event\course_created' and not is_restored
    group by course_id

),

site as (

    select
        coalesce(nullif('{{ as_of }}', '')::date, {{ local_date('as_of') }})
            as as_of_date
    from {{ ref('site_summary') }}

),

-- a day ends where the next begins, so what changed on the day itself is in
moments as (

    select
        'then' as moment,
        (as_of_date + 1)::timestamp at time zone '{{ var("reporting_timezone") }}' as happens_at
    from site

    union all

    select
        'now' as moment,
        timestamptz '9999-12-31 00:00:00+00' as happens_at

),

catalogues as (

    select
        moments.moment,
        courses.*,
        categories.name as category
    from moments
    inner join courses
        on moments.happens_at > courses.valid_from and moments.happens_at <= courses.valid_to
    left join categories
        on
            courses.category_id = categories.category_id
            and moments.happens_at > categories.valid_from
            and moments.happens_at <= categories.valid_to
    left join created on courses.course_id = created.course_id
    where not courses.is_deleted and (created.created_at >= moments.happens_at) is not true

),

past as (

    select * from catalogues
    where moment = 'then'

),

present as (

    select * from catalogues
    where moment = 'now'

),

final as (

    select
        site.as_of_date,
        coalesce(past.course_id, present.course_id) as course_id,
        coalesce(past.shortname, present.shortname) as shortname,
        past.fullname,
        past.category,
        past.is_visible,
        past.list_price,
        past.list_currency,
        past.start_date,
        past.end_date,
        case
            when past.course_id is null then 'new since'
            when present.course_id is null then 'gone since'
            else coalesce('changed: ' || nullif(concat_ws(
                ', ',
                {% for attribute, column in attributes.items() -%}
                    case
                        when past.{{ column }} is distinct from present.{{ column }}
                            then '{{ attribute }}'
                    end{{ ',' if not loop.last }}
                {% endfor %}
            ), ''), 'unchanged')
        end as since_then
    from past
    full outer join present on past.course_id = present.course_id
    cross join site
    order by past.category nulls last, coalesce(past.shortname, present.shortname)

)

select * from final
