"""How often each fault occurs: the levels `none`, `light`, `specified`, or a file of rates.

What belongs here: every rate of section 6 of the source contracts, with what it is a share of. What does not: how a fault is made
(`identity_faults.py` for persons, `care.py` for settlements, `enrollment.py` for relations, `file_faults.py` for rows and files).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import UsageError

_OF_THE_CITY = ("in_two_schemes", "in_three_schemes", "twice_in_one_scheme", "twins_of_births")


@dataclass(frozen=True)
class FaultRates:
    """The share of each fault; every field defaults to its rate at `specified`.

    The last four are how the city is rather than faults of its records: they are the same at every level, and a file may change them.

    Attributes:
        id_missing: person records without an ID number.
        id_placeholder: person records whose ID number is a placeholder (eighteen zeros, 无, division code + zeros).
        id_fifteen_digits: person records of persons born before 2000 with the old form.
        id_wrong_check_digit: person records whose last character does not fit.
        id_digits_swapped: person records with two neighbouring digits swapped.
        id_full_width_or_blanks: person records with full-width digits or blanks around or inside.
        id_lower_case_x: of the ID numbers that end in X, those with a small x.
        id_guardian_on_child: records of children under 7 that carry a guardian's number.
        id_exchanged_in_household: person records whose number was exchanged with a housemate's.
        id_shared_by_strangers: person records that carry the number of an unrelated person.
        id_old_beside_corrected: person records corrected in a later month, or with the old one beside them.
        name_homophone: person records with another character of the same sound.
        name_traditional: person records with a traditional form.
        name_unknown_character: person records with `?` in place of a character.
        name_blank_or_dot: person records with blanks inside, or a middle dot written otherwise.
        name_married_form: person records of wives under their husband's surname.
        birth_lunar: person records with the lunar birth date in place of the solar one.
        birth_day_month_swapped: person records with day and month swapped.
        birth_first_of_january: person records born on 1 January by default.
        birth_century_off: person records a hundred years off.
        dead_still_active: of the relations of persons who died, those that go on.
        end_before_start: of the relations with an end, those that end before they begin.
        reversal_same_month: settlements taken back in their own month.
        reversal_later_month: settlements taken back in the following month.
        settled_anew: of the settlements taken back, those that are settled again.
        half_settled_stay: stays settled in two parts.
        stay_in_two_schemes: stays of persons insured twice that the other scheme pays too.
        discharge_before_admission: stays with the dates in the wrong order.
        claim_after_death: of the persons who died, those with a settlement afterwards.
        unknown_institution: settlements at an institution that no snapshot shows.
        identity_off_by_a_fen: settlements whose parts miss the total by a fen.
        key_again_in_later_delivery: settlements whose number comes again a month later (or from another county).
        member_in_two_counties: rural participations that a second county delivers as well.
        row_wrong_field_count: rows with a field too few or too many (CSV).
        row_unclosed_quote: rows with a quote that never closes (CSV).
        row_null_key: rows without a key.
        row_unreadable_value: rows with a value that its column's type refuses.
        row_duplicate_key: rows whose key stands above already.
        row_wrong_period: rows of monthly tables from another month.
        file_redelivered: deliveries that a second one replaces.
        file_truncated: deliveries cut off while being copied.
        file_wrong_encoding: deliveries in another encoding.
        file_column_renamed: deliveries with a column under another name.
        file_wrong_checksum: deliveries whose manifest has another checksum.
        file_wrong_rows: deliveries whose manifest has another count of rows.
        file_wrong_control_total: deliveries whose manifest has another control total.
        file_missing: deliveries without one of the listed files.
        file_table_missing: deliveries that leave a table out.
        file_table_twice: deliveries that list a table twice.
        file_manifest_missing: deliveries copied without their manifest.
        file_manifest_unreadable: deliveries with half a manifest.
        file_not_in_time: counties whose first delivery never came; the second did.
        file_blank_last_line: deliveries with a blank line at the end of a file (accepted).
        file_unlisted: deliveries with a file that the manifest does not list (accepted).
        in_two_schemes: of the persons insured, those in two schemes at once.
        in_three_schemes: of the persons insured, those in three.
        twice_in_one_scheme: of the persons insured, those with two relations at once in one scheme.
        twins_of_births: of the births, those of twins.
    """

    id_missing: float = 0.02
    id_placeholder: float = 0.005
    id_fifteen_digits: float = 0.01
    id_wrong_check_digit: float = 0.005
    id_digits_swapped: float = 0.004
    id_full_width_or_blanks: float = 0.008
    id_lower_case_x: float = 0.30
    id_guardian_on_child: float = 0.15
    id_exchanged_in_household: float = 0.001
    id_shared_by_strangers: float = 0.0002
    id_old_beside_corrected: float = 0.003
    name_homophone: float = 0.005
    name_traditional: float = 0.003
    name_unknown_character: float = 0.002
    name_blank_or_dot: float = 0.004
    name_married_form: float = 0.001
    birth_lunar: float = 0.005
    birth_day_month_swapped: float = 0.002
    birth_first_of_january: float = 0.005
    birth_century_off: float = 0.0005
    dead_still_active: float = 0.25
    end_before_start: float = 0.01
    reversal_same_month: float = 0.003
    reversal_later_month: float = 0.002
    settled_anew: float = 0.5
    half_settled_stay: float = 0.005
    stay_in_two_schemes: float = 0.10
    discharge_before_admission: float = 0.005
    claim_after_death: float = 0.05
    unknown_institution: float = 0.001
    identity_off_by_a_fen: float = 0.0005
    key_again_in_later_delivery: float = 0.0002
    member_in_two_counties: float = 0.0001
    row_wrong_field_count: float = 0.00003
    row_unclosed_quote: float = 0.00003
    row_null_key: float = 0.00003
    row_unreadable_value: float = 0.00003
    row_duplicate_key: float = 0.00003
    row_wrong_period: float = 0.00003
    file_redelivered: float = 0.06
    file_truncated: float = 0.02
    file_wrong_encoding: float = 0.02
    file_column_renamed: float = 0.02
    file_wrong_checksum: float = 0.02
    file_wrong_rows: float = 0.02
    file_wrong_control_total: float = 0.02
    file_missing: float = 0.02
    file_table_missing: float = 0.02
    file_table_twice: float = 0.02
    file_manifest_missing: float = 0.02
    file_manifest_unreadable: float = 0.02
    file_not_in_time: float = 0.02
    file_blank_last_line: float = 0.04
    file_unlisted: float = 0.04
    in_two_schemes: float = 0.03
    in_three_schemes: float = 0.0005
    twice_in_one_scheme: float = 0.005
    twins_of_births: float = 0.01

    @classmethod
    def specified(cls) -> FaultRates:
        """The rates of section 6 of the source contracts."""
        return cls()

    def scaled(self, factor: float) -> FaultRates:
        """Every fault's rate times the factor; what the city is like stays."""
        return FaultRates(
            **{field.name: getattr(self, field.name) * (1.0 if field.name in _OF_THE_CITY else factor) for field in fields(self)}
        )

    @classmethod
    def of(cls, faults: str | Path | FaultRates) -> FaultRates:
        """Rates of a level by name, of a YAML or JSON file, or as given.

        A file states the rates that differ from its `base` (a level by name, default `specified`).

        Raises:
            UsageError: the level is unknown, the file unreadable, or a rate unknown or outside 0 to 1.
        """
        if isinstance(faults, FaultRates):
            return faults
        levels = {"none": 0.0, "light": 0.2, "specified": 1.0}
        if str(faults) in levels:
            return cls().scaled(levels[str(faults)])
        path = Path(faults)
        if not path.is_file():
            message = f"faults {str(faults)!r}: expected none, light, specified, or a YAML or JSON file of rates"
            raise UsageError(message)
        text = path.read_text(encoding="utf-8")
        try:
            stated: Any = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        except (json.JSONDecodeError, yaml.YAMLError) as error:
            message = f"faults file {path.name}: neither YAML nor JSON can be read from it ({type(error).__name__})"
            raise UsageError(message) from error
        if not isinstance(stated, dict):
            message = f"faults file {path.name}: expected one rate by name a line, for example `id_missing: 0.2`"
            raise UsageError(message)
        base = str(stated.pop("base", "specified"))
        if base not in levels:
            message = f"faults file {path.name}: base {base!r} is none of {', '.join(levels)}"
            raise UsageError(message)
        known = {field.name for field in fields(cls)}
        rates = {name: getattr(cls().scaled(levels[base]), name) for name in known}
        for name, rate in stated.items():
            if name not in known:
                message = f"faults file {path.name}: unknown rate {name!r}; known are {', '.join(sorted(known))}"
                raise UsageError(message)
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
                message = f"faults file {path.name}: {name} is {rate!r}, expected a number from 0 to 1"
                raise UsageError(message)
            rates[name] = float(rate)
        return cls(**rates)
