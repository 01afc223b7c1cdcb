{#-
    The device of a session, inside an aggregation over its events: their class if they have one,
    mixed if they have several. Rows of Moodle's log tell apps from browsers only, so a browser of
    theirs may be on any device (web, if no other event tells) but is no app.
-#}
{% macro session_device(events) -%}
    {%- set has_web = "bool_or(" ~ events ~ ".origin = 'web')" -%}
    case
        when min({{ events }}.device_type) <> max({{ events }}.device_type) then 'mixed'
        when max({{ events }}.device_type) = 'app' and {{ has_web }} then 'mixed'
        when max({{ events }}.device_type) is not null then max({{ events }}.device_type)
        when {{ has_web }} then 'web'
        else 'other'
    end
{%- endmacro %}
