-- One row per name as keyed in: cleaned, and spelled in pinyin. Grain: (name_raw).
{{ clean_names(ref('int_person_records_unioned')) }}
