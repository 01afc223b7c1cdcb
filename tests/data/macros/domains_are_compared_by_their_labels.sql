-- Proves that a domain is found in any address, and belongs to a list by whole labels only.
with cases as (

    select *
    from (
        values
        ('https://www.Google.com/search?q=a', 'google.com', false),
        ('http://user:pw@shop.example.org:8080/p?x#y', 'shop.example.org', true),
        ('//checkout.shop.example.org', 'checkout.shop.example.org', true),
        ('https://shop.example.org', 'shop.example.org', true),
        ('https://myshop.example.org/', 'myshop.example.org', false),
        ('https://shop.example.org.evil.net/', 'shop.example.org.evil.net', false),
        ('https://shopXexample.org/', 'shopxexample.org', false),
        ('https://www.münchen.de/', 'münchen.de', false),
        ('http://[2001:db8::1]/', null, null),
        ('android-app://com.example.app/', 'com.example.app', false),
        -- addresses are in the path or the query, not before them
        ('https://news.net/?u=https://shop.example.org/', 'news.net', false),
        ('https://news.net?u=a@shop.example.org', 'news.net', false),
        ('/p/course-2', null, null),
        ('about:blank', null, null),
        ('', null, null),
        (null, null, null)
    ) as examples (url, domain, is_ours)

),

found as (

    select
        *,
        {{ domain_of('url') }} as found_domain
    from cases

)

select *
from found
where
    found_domain is distinct from domain
    or {{ is_within_domains('found_domain', ['shop.example.org', 'pay.net']) }}
    is distinct from is_ours
    or {{ is_within_domains('found_domain', []) }}
