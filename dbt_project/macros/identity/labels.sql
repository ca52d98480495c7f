{# A name of an institution or place for comparing: without blanks, brackets and dots, full-width signs and digits made half-width. #}
{% macro normalised_label(text) -%}
    translate(upper({{ to_half_width(text) }}), ' ()[]·.-', '')
{%- endmacro %}

{# Full-width digits, Latin letters and signs as their half-width forms, every kind of blank as a blank, every middle dot as one. Text
   of plain ASCII and Chinese characters alone has nothing to replace, and replacing costs thirty times as much as looking. #}
{% macro to_half_width(text) -%}
    case when {{ fits_pattern(text, '[^ -~一-鿿]') }} then {{ half_width_replaced(text) }} else {{ text }} end
{%- endmacro %}

{% macro half_width_replaced(text) -%}
    translate(
        {{ text }},
        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ（）［］．－／：？　{{ "\u00a0\u2002\u2003\u2009\t\r\n" }}•・‧∙',
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()[].-/:?        ····'
    )
{%- endmacro %}

{# Text as one row per character, in order: columns of `keys`, `place` (from 1) and `character`. #}
{% macro characters_of(relation, keys, text) -%}
    {{ return(adapter.dispatch('characters_of')(relation, keys, text)) }}
{%- endmacro %}

{% macro default__characters_of(relation, keys, text) -%}
    select
        {{ keys | join(', ') }},
        exploded.place + 1 as place,
        exploded.character
    from {{ relation }}
    lateral view posexplode(split({{ text }}, '(?!^)')) exploded as place, character
    where {{ text }} <> ''
{%- endmacro %}

{% macro duckdb__characters_of(relation, keys, text) -%}
    select
        {{ keys | join(', ') }},
        unnest(range(1, length({{ text }}) + 1)) as place,
        unnest(string_split({{ text }}, '')) as character
    from {{ relation }}
    where {{ text }} <> ''
{%- endmacro %}

{# Pieces of text put together again in the order of `place`. #}
{% macro text_joined(piece, separator, place) -%}
    {{ return(adapter.dispatch('text_joined')(piece, separator, place)) }}
{%- endmacro %}

{% macro default__text_joined(piece, separator, place) -%}
    array_join(transform(array_sort(collect_list(struct({{ place }}, {{ piece }}))), pair -> pair.col2), '{{ separator }}')
{%- endmacro %}

{% macro duckdb__text_joined(piece, separator, place) -%}
    string_agg({{ piece }}, '{{ separator }}' order by {{ place }})
{%- endmacro %}
