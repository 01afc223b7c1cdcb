-- Case, space around it and the way letters are encoded make no other address; anything before the @
-- does. What is no address has no pseudonym.
with cases as (

    select * from (
        values
        ('Ann@Example.org', 'ann@example.org', true),
        (' ann@example.org ', 'ann@example.org', true),
        -- full width, and the e with its accent as one letter or two
        ('ａｎｎ@example.org', 'ann@example.org', true),
        (U&'ren\00e9@example.org', U&'rene\0301@example.org', true),
        ('ann+shop@example.org', 'ann@example.org', false),
        ('a.nn@example.org', 'ann@example.org', false),
        ('ann@example.org', 'ann@example.com', false),
        ('nobody', 'nobody', null),
        ('', '', null),
        (null, null, null)
    ) as cases (email, other, is_same)

),

compared as (

    select
        email,
        other,
        is_same,
        {{ email_hash('email') }} = {{ email_hash('other') }} as is_same_found,
        -- the pseudonym is that of the vault, never the address or a plain hash of it
        {{ email_hash('email') }} like 'k%@%' as shows_address
    from cases

)

select * from compared
where is_same is distinct from is_same_found or shows_address
