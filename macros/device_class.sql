{#-
    The class of a device: desktop, mobile, tablet, app or other; null if nothing is known of it.
    Takes what producers send: a class, a word such as iPhone, or a whole user agent. Tablets say
    "mobile" too, and Android without it is a tablet, so they are asked first.
-#}
{% macro device_class(device) -%}
    case
        when {{ device }} is null then null
        when lower({{ device }}) in ('desktop', 'mobile', 'tablet', 'app', 'other')
            then lower({{ device }})
        when {{ device }} ~* '(moodlemobile|moodle ?app|^(ios|android)[ _-]?app$)' then 'app'
        when
            {{ device }} ~* '(ipad|tablet|kindle|silk/)'
            or ({{ device }} ~* 'android' and {{ device }} ~* 'mozilla' and {{ device }} !~* 'mobile')
            then 'tablet'
        when {{ device }} ~* '(mobile|iphone|ipod|phone|android|ios)' then 'mobile'
        when {{ device }} ~* '(windows|macintosh|mac ?os|linux|x11|cros|desktop|laptop|^pc$|^web$)'
            then 'desktop'
        else 'other'
    end
{%- endmacro %}
