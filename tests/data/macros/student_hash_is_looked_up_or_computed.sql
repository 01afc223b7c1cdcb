-- Proves that a known person keeps the stored pseudonym, an unknown one gets the computed one, the
-- same id in another system is somebody else, and nobody stays nobody.
with people as (

    select *
    from (values (7), (8), (null)) as examples (user_id)

),

known as (

    select *
    from (values ('7', 'stored')) as examples (source_user_id, student_hash)

),

hashed as (

    select
        people.user_id,
        {{ student_hash('known', 'moodle', 'people.user_id') }} as student_hash,
        {{ student_hash('known', 'tracker', 'people.user_id') }} as hash_elsewhere
    from people
    left join known on people.user_id::text = known.source_user_id

)

select *
from hashed
where
    case user_id
        when 7 then student_hash <> 'stored'
        when 8 then
            student_hash is distinct from vault.pseudonymise('moodle', '8')
            or student_hash !~ '^k[0-9]+_[0-9a-f]{64}$'
            or student_hash = hash_elsewhere
        else student_hash is not null
    end
