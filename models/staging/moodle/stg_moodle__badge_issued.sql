-- One row per badge earned by a person.
with source as (

    select * from {{ source('moodle', 'mdl_badge_issued') }}

),

final as (

    select
        ---------- ids
        id as badge_issued_id,
        badgeid as badge_id,
        userid as user_id,
        ---------- states
        (visible = 1) as is_public,
        ---------- timestamps
        {{ epoch_to_timestamp('dateissued') }} as issued_at,
        {{ epoch_to_timestamp('dateexpire') }} as expires_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
