"""The queries of the truth: insured persons, movements, money, stays and overlaps, read off the landed rows by the published definitions.

What belongs here: SQL and the page that explains its results. What does not: which rows land (`truth.py`).
"""

from __future__ import annotations

TABLES = (
    """
    create table truth.persons (
        true_person_id varchar, system varchar, source_person_no varchar, true_name varchar, true_id_number varchar, true_sex varchar,
        true_birth_date date, home_village varchar, faults varchar, traps varchar, corrected_from varchar
    )
    """,
    """
    create table truth.relations (
        period varchar, office varchar, scheme varchar, relation_id varchar, system varchar, source_person_no varchar,
        county varchar, is_normal boolean, first_day date, last_day date, category varchar, employer varchar
    )
    """,
    """
    create table truth.settlements (
        period varchar, office varchar, system varchar, table_order integer, settlement_id varchar, reverses varchar,
        scheme varchar, source_person_no varchar, county varchar, care_type varchar, visit_id varchar,
        institution varchar, admitted date, discharged date, settled date, total decimal(18, 2), pooled decimal(18, 2),
        other_fund decimal(18, 2), account decimal(18, 2), cash decimal(18, 2)
    )
    """,
    """
    create table truth.ledgers (
        period varchar, office varchar, scheme varchar, county varchar, subject varchar, amount decimal(18, 2)
    )
    """,
    """
    create table truth.payments (
        period varchar, office varchar, source_person_no varchar, month_from varchar, amount decimal(18, 2)
    )
    """,
    """
    create table truth.contributions (
        period varchar, office varchar, source_person_no varchar, employer varchar, month varchar, amount decimal(18, 2)
    )
    """,
    """
    create table truth.standards (
        period varchar, office varchar, year bigint, scheme varchar, source varchar, yuan decimal(18, 2)
    )
    """,
)

# `people` are the persons, `listed` the person records, their systems and traps as codes of `systems` and `traps`; a is the record that
# carries another's number, else the smaller one. Codes stand in the order of the names, and a system's numbers have one length.
TRAP_PAIRS = """
with
alike as (
    select 'twin' as trap, person, twin as other from people where twin > person
    union all
    select 'namesake_in_village', person, namesake from people where namesake > person
    union all
    select 'sibling', elder.person, younger.person
    from people as elder
    inner join people as younger on elder.household = younger.household and elder.person < younger.person
    where elder.is_child and younger.is_child and elder.twin <> younger.person
),
two_persons as (
    select
        alike.trap,
        case when (a.system, a.source_person_no) < (b.system, b.source_person_no) then a else b end as a,
        case when (a.system, a.source_person_no) < (b.system, b.source_person_no) then b else a end as b
    from alike
    inner join listed as a on alike.person = a.person
    inner join listed as b on alike.other = b.person
    union all
    select traps.name, a, b
    from listed as a
    inner join listed as b on a.lender = b.person
    inner join traps on a.trap = traps.code
    where a.trap > 0
),
one_person as (
    select case b.variant when 2 then 'old_beside_corrected' else 'second_record_in_system' end as trap, a, b
    from listed as a
    inner join listed as b on a.person = b.person and a.system = b.system and a.variant = 0 and b.variant > 0
),
pairs as (
    select trap, a, b, false as is_same_person from two_persons
    union all
    select trap, a, b, true from one_person
)
select pairs.trap, of_a.name as system_a, cast(pairs.a.source_person_no as varchar) as source_person_no_a, of_b.name as system_b,
    cast(pairs.b.source_person_no as varchar) as source_person_no_b, pairs.is_same_person
from pairs
inner join systems as of_a on pairs.a.system = of_a.code
inner join systems as of_b on pairs.b.system = of_b.code
"""

QUERIES = {
    # A participation that two counties deliver enters once, by the smaller office. Keys are unique within a delivery, so only these
    # few need an order.
    "truth.entered_relations": """
        with delivered_twice as (
            select relation_id, period, min(office) as office
            from truth.relations where scheme = 'rural' group by all having count(*) > 1
        )
        select relations.*, persons.true_person_id, last_day(cast(relations.period || '-01' as date)) as month_end
        from truth.relations as relations
        inner join truth.persons as persons on relations.system = persons.system and relations.source_person_no = persons.source_person_no
        left join delivered_twice
            on relations.scheme = 'rural' and relations.relation_id = delivered_twice.relation_id
            and relations.period = delivered_twice.period
        where delivered_twice.office is null or relations.office = delivered_twice.office
    """,
    "truth.insured": """
        select distinct period, scheme, county, true_person_id
        from truth.entered_relations
        where is_normal and first_day <= month_end and coalesce(last_day, month_end) >= month_end
    """,
    # Only persons with several relations have overlaps: one in twenty.
    "truth.relations_of_persons_with_several": """
        with several as (
            select true_person_id
            from truth.entered_relations
            where scheme <> 'maternity'
            group by true_person_id
            having min(scheme || relation_id) <> max(scheme || relation_id)
        )
        select * from truth.entered_relations where scheme <> 'maternity' and true_person_id in (select true_person_id from several)
    """,
    # A settlement number on record in another delivery enters once: earlier period, smaller office, clinic before hospital.
    "truth.entered_settlements": """
        with numbers_again as (
            select system, settlement_id, min((period, office, table_order)) as entered
            from truth.settlements group by all having count(*) > 1
        )
        select settlements.*
        from truth.settlements as settlements
        left join numbers_again on settlements.system = numbers_again.system and settlements.settlement_id = numbers_again.settlement_id
        where numbers_again.entered is null or numbers_again.entered = (settlements.period, settlements.office, settlements.table_order)
    """,
    "truth.months": "select distinct period from truth.relations",
    "truth.stay_rows": """
        select
            settled.scheme,
            settled.period,
            coalesce(settled.visit_id, settled.settlement_id) as stay_id,
            settled.county,
            settled.settled,
            settled.settlement_id,
            (select min(back.period) from truth.entered_settlements as back
             where back.system = settled.system and back.reverses = settled.settlement_id) as taken_back
        from truth.entered_settlements as settled
        where settled.care_type = 'inpatient' and settled.reverses is null and settled.scheme <> 'maternity'
    """,
    "truth.admissions": """
        with stays as (
            select scheme, stay_id, arg_min(county, (settled, settlement_id)) as county
            from truth.stay_rows group by scheme, stay_id
        ),
        standing as (
            select stay_rows.scheme, stay_rows.stay_id, months.period,
                bool_or(stay_rows.period <= months.period and (stay_rows.taken_back is null or stay_rows.taken_back >
                    months.period)) as stands
            from truth.stay_rows as stay_rows cross join truth.months as months
            group by all
        ),
        moved as (
            select *, stands::integer - coalesce(lag(stands::integer) over (partition by scheme, stay_id order by period), 0) as moves
            from standing
        )
        select moved.period, moved.scheme, stays.county, sum(moved.moves) as admissions
        from moved inner join stays on moved.scheme = stays.scheme and moved.stay_id = stays.stay_id
        where moved.moves <> 0
        group by all
    """,
    "truth.long_numbers": """
        with
        insured_levels as (
            select period, scheme, county as division_code, true_person_id from truth.insured
            union select period, scheme, '990100', true_person_id from truth.insured
            union select period, 'all', county, true_person_id from truth.insured where scheme <> 'maternity'
            union select period, 'all', '990100', true_person_id from truth.insured where scheme <> 'maternity'
        ),
        month_before as (
            select period, lag(period) over (order by period) as previous from truth.months
        ),
        movement as (
            select 'ENTRIES' as measure, now.period, now.division_code, now.scheme, count(*) as value
            from insured_levels as now
            inner join month_before on now.period = month_before.period and month_before.previous is not null
            anti join insured_levels as before
                on before.period = month_before.previous and now.scheme = before.scheme and now.division_code = before.division_code
                and now.true_person_id = before.true_person_id
            group by all
            union all
            select 'EXITS', month_before.period, before.division_code, before.scheme, count(*)
            from insured_levels as before
            inner join month_before on before.period = month_before.previous
            anti join insured_levels as now
                on now.period = month_before.period and now.scheme = before.scheme and now.division_code = before.division_code
                and now.true_person_id = before.true_person_id
            group by all
        ),
        signed as (
            select *, case when reverses is null then 1 else -1 end as sign from truth.entered_settlements
        ),
        cubed as (
            select period, scheme, county, sign, total, pooled, other_fund from signed
            union all select period, scheme, '990100', sign, total, pooled, other_fund from signed
        ),
        cubed_all as (
            select * from cubed
            union all select period, 'all', county, sign, total, pooled, other_fund from cubed where scheme <> 'maternity'
        ),
        ledger_levels as (
            select period, scheme, '990100' as division_code, subject, amount from truth.ledgers
            union all select period, scheme, county, subject, amount from truth.ledgers where county is not null
            union all select period, 'all', '990100', subject, amount from truth.ledgers where scheme <> 'maternity'
        ),
        stays as (
            select period, scheme, county as division_code, admissions from truth.admissions
            union all select period, scheme, '990100', admissions from truth.admissions
            union all select period, 'all', county, admissions from truth.admissions
            union all select period, 'all', '990100', admissions from truth.admissions
        )
        select 'INSURED' as measure, period, division_code, scheme, cast(count(*) as decimal(20, 2)) as value from insured_levels
            group by all
        union all select measure, period, division_code, scheme, value from movement where scheme <> 'maternity'
        union all select 'SETTLEMENTS', period, county, scheme, sum(sign) from cubed_all group by all
        union all select 'TOTAL_COST', period, county, scheme, sum(total) from cubed_all group by all
        union all select 'POOLED_PAID', period, county, scheme, sum(pooled) from cubed_all group by all
        union all select 'FUND_PAID', period, county, scheme, sum(pooled + other_fund) from cubed_all group by all
        union all select 'ADMISSIONS', period, division_code, scheme, sum(admissions) from stays group by all
        union all select 'INCOME', period, division_code, scheme, sum(amount) from ledger_levels where subject like '1%' group by all
        union all select 'EXPENDITURE', period, division_code, scheme, sum(amount) from ledger_levels where subject like '2%' group by all
    """,
    # Written month by month by `truth_overlaps.py`.
    "expected_overlaps.csv": "",
    "expected_numbers.csv": "select * from truth.long_numbers order by measure, period, division_code, scheme",
    "headcount.csv": """
        with schemes as (
            select period, county as division_code, true_person_id, count(distinct scheme) as times from truth.insured where scheme
                <> 'maternity' group by all
            union all
            select period, '990100', true_person_id, count(distinct scheme) from truth.insured where scheme <> 'maternity' group by all
        )
        select period, division_code, sum(times) as sum_of_schemes, count(*) filter (times = 2) as counted_twice,
            count(*) filter (times = 3) as counted_three_times, count(*) as distinct_persons
        from schemes group by all order by all
    """,
    "trap_pairs.parquet": "select * from truth.trap_pairs order by all",
    "relations.parquet": """
        select period, scheme, relation_id, system, source_person_no, true_person_id, county, is_normal, first_day, last_day, category,
            (is_normal and first_day <= month_end and coalesce(last_day, month_end) >= month_end) as is_insured
        from truth.entered_relations order by period, scheme, relation_id
    """,
}

README = """# The truth of a simulated city

For scoring only; never for training, never in the inbox. It counts what a correct reader lands: rows that must be rejected are left
out, and a key that stands in an earlier delivery enters once.

- `persons.parquet`: one row per person record (system, source_person_no). true_person_id; true_name, true_id_number, true_sex,
  true_birth_date, home_village; `faults` of this record and `traps` it stands in, each joined by semicolons; `corrected_from`, the month
  that first shows the corrected number.
- `trap_pairs.parquet`: one row per pair of records that looks otherwise than it is. trap, the two records' system and number,
  is_same_person: false for twin, sibling, namesake_in_village, and for guardian_number, exchanged_number, shared_number (a carries the
  number of b's person), true for old_beside_corrected and second_record_in_system.
- `relations.parquet`: one row per scheme, relation and month, as landed. true_person_id, county, is_normal, first_day, last_day, category,
  is_insured.
- `expected_numbers.csv`: one row per measure, period, division_code, scheme, for the month alone. INSURED, ENTRIES and EXITS over true
  persons (only where not 0), SETTLEMENTS, ADMISSIONS, TOTAL_COST, POOLED_PAID, FUND_PAID, INCOME, EXPENDITURE.
- `headcount.csv`: one row per period and division. The headcount bridge over true persons.
- `expected_overlaps.csv`: one row per month and pair of relations of one true person whose normal intervals meet. type_code,
  legitimate_rule, overlap_from, overlap_to (empty while it lasts), overlap_months, same_county, retained_relation_id, keep_rule,
  duplicate_subsidy_yuan: what `duplicate_cases` of that month's release holds once everybody is recognised.
- `expected_deliveries.csv`: one row per delivery folder. What a correct reader says of it (of a refusal's reason the first words), and the
  fault it carries.
- `rejected_rows.csv`: one row per row that must be rejected, of the deliveries in force. Table, line of the file, fault.
"""
