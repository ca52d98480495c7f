{# A name of an institution or place for comparing: without blanks, brackets and dots, full-width signs and digits made half-width. #}
{% macro normalised_label(text) -%}
    translate(upper({{ to_half_width(text) }}), ' ()[]·.-', '')
{%- endmacro %}

{# Full-width digits, Latin letters and signs as their half-width forms, the full-width blank as a blank. #}
{% macro to_half_width(text) -%}
    translate(
        {{ text }},
        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ（）［］．－　·・•',
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz()[].- ···'
    )
{%- endmacro %}
