-- One row per birth date as keyed in: the day it names, and the other days that the same text names when its day and month are
-- exchanged or when it is a lunar date. Grain: (birth_date_raw).
{{ clean_birth_dates(person_texts('birth_date_raw')) }}
