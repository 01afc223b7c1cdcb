-- One row per course and group of it whose learners the viewer of this session may see.
{{ config(meta={'grain': ['course_id', 'group_id'], 'owner': 'data-team'}) }}

with entitlements as (

    select * from {{ ref('bridge_viewer_course') }}

),

final as (

    select
        {{ viewer_login() }} as viewer_login,
        course_id,
        group_id
    from entitlements
    where login_hash = {{ viewer_login_hash() }}

)

select * from final
