-- Proves that the construction the vault uses gives the digests of RFC 4231, that
-- vault.pseudonymise() is that construction over "system:id" with the current key, and that the
-- stored key pads are pads of one key. Returns no key material.
with vectors as (

    select *
    from (
        values
        (
            1,
            decode(repeat('0b', 20), 'hex'),
            convert_to('Hi There', 'UTF8'),
            'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'
        ),
        (
            2,
            convert_to('Jefe', 'UTF8'),
            convert_to('what do ya want for nothing?', 'UTF8'),
            '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
        ),
        (
            3,
            decode(repeat('aa', 20), 'hex'),
            decode(repeat('dd', 50), 'hex'),
            '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'
        )
    ) as examples (test_case, secret, message, digest)

),

-- the secret, filled up to 64 bytes, by the two constants of RFC 2104
padded as (

    select
        vectors.test_case,
        vectors.message,
        vectors.digest,
        string_agg(
            decode(lpad(to_hex(filled.byte # 54), 2, '0'), 'hex'), ''::bytea order by filled.place
        ) as inner_key,
        string_agg(
            decode(lpad(to_hex(filled.byte # 92), 2, '0'), 'hex'), ''::bytea order by filled.place
        ) as outer_key
    from vectors
    cross join lateral (
        select
            place,
            case
                when place < length(vectors.secret) then get_byte(vectors.secret, place) else 0
            end as byte
        from generate_series(0, 63) as place
    ) as filled
    group by vectors.test_case, vectors.message, vectors.digest

),

current_key as (

    select * from vault.pseudonym_key
    where purpose = 'learner' and valid_to is null

),

people as (

    select *
    from (values ('moodle', '7'), ('moodle', 'Zoë|7'), ('tracker', '7')) as examples (system, id)

),

claims as (

    select
        'RFC 4231 test case ' || test_case as claim,
        inner_key,
        outer_key,
        message,
        digest
    from padded

    union all

    select
        'pseudonym of ' || people.system || ':' || people.id as claim,
        current_key.inner_key,
        current_key.outer_key,
        convert_to(people.system || ':' || people.id, 'UTF8') as message,
        -- without the version in front
        substr(
            vault.pseudonymise(people.system, people.id),
            length('k' || current_key.key_version || '_') + 1
        ) as digest
    from people
    cross join current_key

)

select claim as broken
from claims
where
    encode(sha256(outer_key || sha256(inner_key || message)), 'hex') is distinct from digest

union all

select 'byte ' || place || ' of the current key pads' as broken
from current_key
cross join generate_series(0, 63) as place
where get_byte(inner_key, place) # get_byte(outer_key, place) <> 106

union all

select 'the prefix names the version of the current key' as broken
from current_key
where vault.pseudonymise('moodle', '7') not like 'k' || key_version || '\_%'

union all

select 'exactly one key is current' as broken
from current_key
having count(*) <> 1

union all

select 'nobody has no pseudonym' as broken
where vault.pseudonymise('moodle', null) is not null
