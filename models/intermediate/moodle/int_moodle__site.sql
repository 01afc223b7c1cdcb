-- One row: the facts about the Moodle site that rules depend on.
with settings as (

    select * from {{ ref('stg_moodle__config') }}

),

final as (

    select
        max(setting_value) filter (where setting_name = 'release') as moodle_release,
        -- 99 leaves it to the server, whose zone the database does not know
        max(setting_value) filter (
            where setting_name = 'timezone' and setting_value not in ('99', '')
        ) as site_timezone,
        -- Moodle installs the guest account as user 1
        coalesce(
            max(setting_value) filter (
                where setting_name = 'siteguest' and setting_value <> ''
            ), '1'
        )::bigint as guest_user_id,
        string_to_array(
            coalesce(max(setting_value) filter (where setting_name = 'siteadmins'), ''), ','
        ) as admin_user_ids
    from settings
    where not is_deleted

)

select * from final
