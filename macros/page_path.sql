{#-
    The page an address names: its path, with the parameters that are ids. Scheme and host, the
    fragment and all other parameters are left out, and what looks like an e-mail address becomes a
    dash: addresses of pages may carry names, search words and keys (law 6).
-#}
{% macro page_path(address) -%}
    case
        when {{ address }} ~ '[?&#@%]|://'
            then regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace({{ address }}, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*|#.*$', '', 'g'),
                        '[^/?&=]+(@|%40)[^/?&]*', '-', 'g'
                    ),
                    '[?&](?![A-Za-z_]+=[0-9]{1,18}(?:[?&]|$))[^?&]*', '', 'g'
                ),
                '^([^?&]*)&', '\1?'
            )
        else {{ address }}
    end
{%- endmacro %}
