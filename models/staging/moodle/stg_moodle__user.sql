-- One row per account.
{%- set test_user_pattern = var('test_user_pattern') %}

with source as (

    select * from {{ source('moodle', 'mdl_user') }}

),

final as (

    select
        ---------- ids
        id as user_id,
        mnethostid as mnet_host_id,
        ---------- account
        auth,
        lang,
        timezone,
        country,
        nullif(trim(department), '') as department,
        (confirmed = 1) as is_confirmed,
        (suspended = 1) as is_suspended,
        (deleted = 1) as is_deleted_in_moodle,
        (username = 'guest') as is_guest,
        {% if test_user_pattern %}
            (username ~ '{{ test_user_pattern | replace("'", "''") }}') as is_test_user,
        {% else %}
            false as is_test_user,
        {% endif %}
        {{ login_hash('username') }} as login_hash,
        {{ email_hash('email') }} as email_hash,
        (emailstop = 1) as is_email_stopped,
        (policyagreed = 1) as has_accepted_policy,
        ---------- timestamps
        {{ epoch_to_timestamp('firstaccess') }} as first_access_at,
        {{ epoch_to_timestamp('lastaccess') }} as last_access_at,
        {{ epoch_to_timestamp('lastlogin') }} as previous_login_at,
        {{ epoch_to_timestamp('currentlogin') }} as last_login_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
