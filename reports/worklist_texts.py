"""Every text of the worklists that go to counties.

What belongs here: words of the workbooks, with `{names}` where a value goes in. What does not: names of divisions and of rules, which are
data and come with each release, and the texts of the dashboard (`texts.py`).
"""

from __future__ import annotations

TITLE = "重复参保核查清单"
LIST_SHEET, OTHERS_SHEET, GUIDE_SHEET, KEYS_SHEET = "核查清单", "备查", "填写说明", "_keys"
PERSONAL_DATA = "本文件含个人信息（姓名、部分遮盖的证件号码），仅限本县（区）经办机构核查使用，不得外传、不得公开。"

# What a county may answer, and what it means in the register.
VERDICTS = {"确认重复": "duplicate", "合理重叠": "legitimate", "不是同一人": "wrong_match"}
VERDICT_WORDS = {answer: word for word, answer in VERDICTS.items()}
KEPT = {"保留关系一": "a", "保留关系二": "b", "均不保留": "neither"}
KEPT_WORDS = {side: word for word, side in KEPT.items()}

SCHEMES = {"employee": "职工医保", "resident": "居民医保", "rural": "新农合"}
RELATION_STATUSES = {"normal": "正常参保", "suspended": "暂停参保", "ended": "终止参保"}
UNKNOWN_STATUS = "状态不明"
LAST_SHOWN = "\n末次报送\n{month}"
ID_STATUSES = {
    "valid": "",
    "repaired": "",
    "inconsistent": "（与登记的出生日期或性别不符）",
    "invalid": "（号码有误）",
    "placeholder": "（占位号码）",
    "guardian": "（监护人证件）",
    "missing": "无证件号码",
}
NO_NAME = "（无姓名）"
HIDDEN = "—"
LASTING = "仍在重叠"
SIDES = {"a": "关系一", "b": "关系二"}
OF_SIDE = "{value}\n（{side}）"

SUGGESTED = {"a": "保留关系一", "b": "保留关系二", "neither": "均不保留\n（本人另有应保留的关系）"}
OVER = "重叠已结束"

SITUATIONS = {
    "first": "首次核查",
    "sent": "{on} 已下发，尚未答复",
    "contested": "两处答复不一致，请商定后重新答复。{note}",
    "changed": "{on} 答复“{answer}”，此后情况有变，请重新核查",
}
OTHER_STATES = {
    "legitimate": "按规则属合理重叠，不需答复：{rule}",
    "answered": "{on} 已答复：{answer}",
    "passed_on": "沿用上一参合年度的答复：{answer}",
    "settled": "已处理：{side}已于 {day} 终止",
    "settled_elsewhere": "已处理：外县（区）的关系已于 {day} 终止",
    "closed": "已归档",
}

RULE_VERSION = "（规则第 {version} 版）"

GROUPS = {
    "case": "案件",
    "a": "关系一",
    "b": "关系二",
    "overlap": "重叠",
    "money": "涉及金额（元）",
    "basis": "依据与建议",
    "answer": "答复（黄色单元格由县区填写）",
}
HEADS = {
    "number": "序号",
    "case_id": "案件编号",
    "name": "姓名",
    "id_number": "证件号码",
    "type": "重复类型",
    "situation": "核查情况",
    "scheme": "险种",
    "place": "县（区）、乡镇",
    "relation_id": "参保关系编号",
    "person_no": "个人编号",
    "unit_no": "单位或户编号",
    "first_day": "起始日",
    "last_day": "终止日",
    "status": "状态",
    "overlap_from": "重叠起",
    "overlap_to": "重叠止",
    "overlap_months": "月数",
    "subsidy": "重复财政补助\n（一年）",
    "benefit": "重复享受待遇",
    "premium": "个人多缴\n（一年）",
    "evidence": "认定依据",
    "suggested": "建议",
    "reason": "建议的理由",
    "verdict": "核查结论",
    "kept": "保留的关系",
    "ended_on": "另一关系\n终止日期",
    "remark": "备注",
    "hint": "填写提示",
    "state": "情况",
}
HINTS = {
    "no_verdict": "请选择核查结论",
    "no_kept": "请选择保留的关系",
    "only_duplicate": "只有确认重复才填这两格",
    "complete": "已填",
}
PROMPTS = {
    "verdict": ("核查结论", "请从下拉列表中选择：确认重复、合理重叠、不是同一人。"),
    "kept": ("保留的关系", "确认重复时填写。请从下拉列表中选择。"),
    "ended_on": ("终止日期", "不保留的那条关系已经终止的，填终止日期，如 2025-06-30；尚未办理的留空。"),
    "remark": ("备注", "可填理由、文号等，200 字以内。请勿填写姓名、证件号码、电话。"),
}
TABLE_HEAD = "{county}　{period}　共 {count:,} 件"
NOTHING_ASKED = "本期没有需要答复的案件。"
OTHERS_TITLE = "备查：不需答复"
OTHERS_NOTE = "按规则属合理重叠的、已答复的、已处理的，只供查阅，不需填写。"
FOOTER = "{county}　{release}　含个人信息，不得外传"

GUIDE_HEAD = "{county}　{month}"
GUIDE_FACTS = (
    ("需要答复", "{asked:,} 件（“核查清单”）"),
    ("备查", "{others:,} 件（“备查”，不需填写）"),
    ("涉及财政补助", "{subsidy:,.2f} 元（需要答复的案件，一年；跨县区的案件两地清单都列，与本县（区）报表数不同）"),
    ("数据版本", "{release}，规则版本 {rules}"),
)
# Headings with their paragraphs; a paragraph of two parts is a line of a table.
GUIDE: tuple[tuple[str, tuple[str | tuple[str, str], ...]], ...] = (
    (
        "一、这份清单是什么",
        (
            "市级汇总职工医保、居民医保、新农合三个系统后，发现同一人在同一时间有两条正常的参保关系。每对关系为一件，编号各月不变。"
            "清单上的是疑似重复，是否确属重复，以县（区）核查为准。",
            "两条关系分属两个县（区）的，两个县（区）的清单上都有；外县（区）的关系只有险种、县（区）、起止日期和状态，其余为“—”。",
        ),
    ),
    (
        "二、怎样填写（只填“核查清单”最右边的黄色单元格，一行一件）",
        (
            (
                "核查结论",
                "从下拉列表中选择。确认重复：是同一人，两条关系确实重叠。合理重叠：是同一人，但重叠有正当理由。"
                "不是同一人：两条关系属于两个人，系统认错了；判断依据写明“同一个人编号”的不能选这一项，一条人员记录为两人所用的，请先更正记录。",
            ),
            (
                "保留的关系",
                "确认重复、且重叠仍在继续的，必须选择；其他情况留空。“均不保留”只用于此人还有第三条关系、应保留第三条的情形。"
                "“建议”按国家和本市的规则给出，核查结果与建议不同的，以核查结果为准。",
            ),
            (
                "另一关系终止日期",
                "不保留的关系已经办理终止或暂停的，填最后一天，如 2025-06-30；尚未办理的留空，以后各月的数据中终止了，系统自动记为已处理。",
            ),
            ("备注", "可填理由、文号等，200 字以内。请勿填写姓名、证件号码和电话。"),
            ("填写提示", "随填随变，显示“已填”即可。没有核查完的行留空，可以先交回一部分，以后再交其余的。"),
        ),
    ),
    (
        "三、哪些不能改",
        (
            (
                "锁定的单元格",
                "白色和灰色的单元格已锁定，请勿修改。可以筛选；需要排序的，先撤消工作表保护（“审阅”—“撤消工作表保护”，没有密码），"
                "再选中整张表排序。行的次序变了、筛选过、删去了不答复的行，都不影响交回。",
            ),
            (
                "案件编号",
                "系统按案件编号识别每一行，请勿改动，请勿复制到别的行。请勿增删列，请勿删除隐藏的工作表，请勿只复制内容另建文件。",
            ),
        ),
    ),
    (
        "四、怎样交回",
        ("用 WPS 表格或 Excel 填写，保存为 xlsx 格式，原文件交回市级医疗保险经办机构，文件名可以改。请用内网或加密介质传送。",),
    ),
    (
        "五、交回以后",
        (
            ("逐行检查", "正确的行收下；有问题的行列出行号、列名和原因，退回更正。同一件以后又交回不同答复的，以后一次为准。"),
            ("确认重复", "继续计入重复参保，按答复保留一条；另一条在以后的数据中终止后，记为已处理，下月仍然如此的归档。"),
            ("合理重叠", "不再计入重复参保；重叠结束后归档。"),
            ("不是同一人", "不再计入重复参保，并按两个人重新识别。"),
            ("两处答复不一致", "两个县（区）的答复不一致的，两份都保留、都不生效，案件再次列入清单，请两县（区）商定后重新答复。"),
            ("情况有变", "答复以后情况有变的，答复继续有效，案件再次列入清单。新农合的答复沿用到同一对关系的下一参合年度。"),
        ),
    ),
)
