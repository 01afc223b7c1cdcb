-- Proves that the key is the md5 it says, the same for equal rows and never for different ones,
-- wherever separators, escapes, nulls and empty texts stand.
with cases as (

    select *
    from (
        values
        ('x|', 'y'),
        ('x', '|y'),
        ('x|y', ''),
        ('', 'x|y'),
        ('x', 'y'),
        ('x~p', 'y'),
        ('x~|', 'y'),
        ('x~', 'py'),
        ('x', null),
        ('x', ''),
        (null, 'x'),
        ('', 'x'),
        ('x', '~n'),
        ('x', '~null~'),
        ('x', 'null'),
        ('', ''),
        (null, null),
        ('~', '~'),
        ('~~', '')
    ) as examples (a, b)

),

keys as (

    select
        a,
        b,
        {{ surrogate_key(['a', 'b']) }} as key,
        {{ surrogate_key(["a || ''", 'b']) }} as key_again
    from cases

),

collisions as (

    select
        'collision' as problem,
        one.key
    from keys as one
    inner join keys as another
        on one.key = another.key and (one.a, one.b) is distinct from (another.a, another.b)

),

unstable as (

    select
        'unstable' as problem,
        key
    from keys
    where key is distinct from key_again or key is null

),

-- numbers count as their text; plain values are joined by | and nothing else
wrong as (

    select
        'not the md5 of log|7' as problem,
        {{ surrogate_key(["'log'", '7']) }} as key
    where {{ surrogate_key(["'log'", '7']) }} <> md5('log|7')

)

select * from collisions
union all
select * from unstable
union all
select * from wrong
