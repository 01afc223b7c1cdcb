{#-
    The network an address belongs to: /24 for IPv4, /48 for IPv6. Full addresses never leave
    raw. Moodle's column is text and may hold anything: what is not an address becomes null.
-#}
{% macro truncate_ip(column) -%}
    {%- set octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])' -%}
    case
        when {{ column }} ~ '^({{ octet }}[.]){3}{{ octet }}$'
            then regexp_replace({{ column }}, '[.][0-9]+$', '.0/24')
        when
            {{ column }} ~ '^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$'
            or (
                {{ column }}
                ~ '^([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?::([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?$'
                and length({{ column }}) - length(replace({{ column }}, ':', '')) <= 7
            )
            then text(network(set_masklen({{ column }}::inet, 48)))
    end
{%- endmacro %}
