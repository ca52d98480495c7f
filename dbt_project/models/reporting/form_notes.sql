-- One row per note under a form: how its figures are defined, with the version of the definition in force. Grain: (report_code, position).
select
    texts.report_code,
    {{ count_of('texts.position') }} as position,
    texts.parameter,
    variants.definition_version,
    texts.text_zh
from {{ ref('form_note_texts') }} as texts
left join {{ ref('definition_variants') }} as variants
    on texts.parameter = variants.parameter
        and variants.is_in_force
