"""Chinese names by frequency and birth decade, and the ways in which they are mistyped.

What belongs here: characters and their look-alikes. What does not: who bears which name (`population.py`), how often a name is
mistyped (`rates.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾"
    "毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)
COMPOUND = ("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "夏侯", "司徒")

# First and second given characters by era; eras begin in 1900, 1950, 1968, 1985, 2003.
_MALE = (
    ("德福贵永长文国振金玉生富有世宝庆连发春树忠孝仁义清明正兴", "山才林财根生田发福贵祥堂昌顺和水海龙云奎春旺山有荣"),
    ("建国志卫新文学永红明光春立胜玉庆保爱东援跃解承洪大", "军国华民平强明生林东胜福成义兵海山江荣良祥跃进忠"),
    ("建志晓文海永伟国俊立春宏少小金学庆振云红东新利亚", "军强伟勇峰辉涛斌刚明华波飞平杰鹏超磊林东亮松宇兵"),
    ("志俊文嘉家伟子晓振宇天明浩建国泽少立鹏梓海", "杰鹏超浩宇凯磊帅豪轩龙博涛飞阳航斌健旭辉伟鑫强文"),
    ("子浩宇梓俊泽奕沐一嘉皓明睿煜晨思文博天铭瑞承", "轩涵宸睿泽宇辰豪然博航阳霖杰琪瑞诚熙洋鑫霆尧源"),
)
_FEMALE = (
    ("秀桂玉淑凤素兰春金翠月惠贵云菊巧爱荣彩银瑞香", "英兰珍芳花香莲云凤梅娥珍芝荣枝菊仙琴妹英贞"),
    ("秀桂玉淑凤春红建爱美丽翠月小金素惠云亚彩国玲", "英兰华珍芳萍红霞琴梅玲云香凤莲霞荣敏娟花华"),
    ("丽晓艳海红春小秀玉雪美文燕金亚淑爱云冬慧立", "丽霞燕娟敏红艳芳玲萍梅静娜英华琴莉波萍云辉"),
    ("雪晓丽梦佳婷文思雅静嘉诗慧欣美海倩玉怡紫", "婷娜静敏丽雪倩莹颖佳琳慧茹燕洁怡萍梅琪雯蕾"),
    ("梓雨欣诗子佳思语梦若可依雅一沐奕紫芷嘉心苡", "涵萱彤怡妍琪菲瑶汐琳悦宁诺晴溪茜馨妤桐然"),
)
_STARTS = (1900, 1950, 1968, 1985, 2003)
_SINGLE = (0.12, 0.14, 0.34, 0.26, 0.05)

MINORITY_FIRST = {
    1: (
        "买买提",
        "阿卜杜拉",
        "艾合买提",
        "玉素甫",
        "吐尔逊",
        "阿里木",
        "艾力",
        "库尔班",
        "巴特尔",
        "额尔德木图",
        "扎西多吉",
        "洛桑",
        "依布拉音",
        "亚森",
        "努尔兰",
    ),
    2: (
        "阿依古丽",
        "古丽娜尔",
        "帕提古丽",
        "热依汗",
        "茹仙古丽",
        "阿孜古丽",
        "卓玛央金",
        "其其格",
        "萨仁高娃",
        "麦尔耶姆",
        "阿依努尔",
        "迪丽娜",
        "哈丽旦",
        "玛依拉",
    ),
}
MINORITY_SECOND = (
    "买买提",
    "玉素甫",
    "吐尔逊",
    "艾合买提",
    "阿布都热合曼",
    "依明",
    "卡德尔",
    "司马义",
    "铁木尔",
    "巴雅尔",
    "多吉",
    "努尔买买提",
    "沙吾提",
    "热合曼",
)

HOMOPHONES = {
    "伟": "玮",
    "玮": "伟",
    "英": "瑛",
    "华": "骅",
    "军": "君",
    "杰": "洁",
    "芳": "方",
    "丽": "莉",
    "莉": "丽",
    "敏": "闵",
    "静": "婧",
    "勇": "永",
    "永": "勇",
    "强": "墙",
    "娟": "鹃",
    "霞": "遐",
    "燕": "艳",
    "艳": "燕",
    "玲": "铃",
    "萍": "苹",
    "平": "萍",
    "红": "虹",
    "云": "芸",
    "梅": "玫",
    "兰": "岚",
    "涛": "滔",
    "辉": "晖",
    "斌": "彬",
    "明": "铭",
    "飞": "菲",
    "超": "朝",
    "鹏": "朋",
    "磊": "垒",
    "峰": "锋",
    "志": "智",
    "建": "健",
    "健": "建",
    "国": "帼",
    "文": "雯",
    "雯": "文",
    "晓": "小",
    "小": "晓",
    "春": "椿",
    "海": "亥",
    "林": "琳",
    "琳": "林",
    "东": "冬",
    "冬": "东",
    "玉": "钰",
    "秀": "绣",
    "桂": "贵",
    "贵": "桂",
    "凤": "奉",
    "淑": "书",
    "珍": "贞",
    "贞": "珍",
    "香": "湘",
    "花": "华",
    "莲": "连",
    "荣": "容",
    "子": "梓",
    "梓": "子",
    "浩": "皓",
    "皓": "浩",
    "宇": "羽",
    "轩": "萱",
    "萱": "轩",
    "涵": "晗",
    "怡": "宜",
    "欣": "新",
    "雨": "语",
    "语": "雨",
    "佳": "家",
    "家": "佳",
    "嘉": "佳",
    "俊": "峻",
    "泽": "择",
    "博": "搏",
    "晨": "辰",
    "辰": "晨",
    "睿": "锐",
    "奕": "弈",
    "思": "司",
    "诗": "施",
    "张": "章",
    "章": "张",
    "付": "傅",
    "肖": "萧",
    "闫": "阎",
    "邱": "丘",
    "余": "于",
    "于": "余",
    "连": "练",
    "程": "成",
    "徐": "许",
    "刚": "钢",
    "生": "升",
    "福": "富",
    "富": "福",
    "金": "锦",
    "庆": "卿",
    "民": "敏",
    "义": "毅",
    "光": "广",
    "良": "亮",
    "亮": "良",
    "新": "欣",
    "美": "镁",
    "雪": "血",
}
TRADITIONAL = dict(
    zip(
        "张刘陈杨黄赵吴孙马罗郑谢宋韩冯邓萧叶苏吕卢姜钟谭陆贾韦邹龙贺顾龚万钱严汤庄聂兰刚国华军红伟丽凤英兴宝庆连发树义长东荣贵强飞龙鹏辉涛斌刚云琼莲萍枫杰宁颖莹雯梦诗语琪轩泽铭瑶馨韵辰",
        "張劉陳楊黃趙吳孫馬羅鄭謝宋韓馮鄧蕭葉蘇呂盧薑鍾譚陸賈韋鄒龍賀顧龔萬錢嚴湯莊聶蘭剛國華軍紅偉麗鳳英興寶慶連發樹義長東榮貴強飛龍鵬輝濤斌剛雲瓊蓮萍楓傑寧穎瑩雯夢詩語琪軒澤銘瑤馨韻辰",
        strict=True,
    )
)
TRADITIONAL = {simple: old for simple, old in TRADITIONAL.items() if simple != old}
# Characters that old programs cannot hold: GB2312 lacks them, and some lie outside the common fonts.
RARE = ("䶮", "㛃", "䲜", "堃", "玥", "犇", "昇", "喆", "甯", "䴖")

# What names are put together from; persons hold places in these lists, for texts of ten million persons would take gigabytes. A minority's
# whole second name stands as a first part, and nothing behind it.
_MINORITY = (*MINORITY_FIRST[1], *MINORITY_FIRST[2])
SURNAME_PARTS = tuple(dict.fromkeys((*SURNAMES, *COMPOUND, *_MINORITY, *(f"{word}江" for word in _MINORITY))))
GIVEN_PARTS = tuple(dict.fromkeys(("", *"".join(head + tail for head, tail in (*_MALE, *_FEMALE)), "武", *RARE, *MINORITY_SECOND)))
_SURNAME_PLACES = {part: place for place, part in enumerate(SURNAME_PARTS)}
_GIVEN_PLACES = {part: place for place, part in enumerate(GIVEN_PARTS)}


def surname_places(words: Iterable[str]) -> np.ndarray:
    """Where the surnames stand in `SURNAME_PARTS`."""
    return np.array([_SURNAME_PLACES[word] for word in words], dtype=np.int16)


def given_places(words: Iterable[str]) -> np.ndarray:
    """Where the parts of given names stand in `GIVEN_PARTS`."""
    return np.array([_GIVEN_PLACES[word] for word in words], dtype=np.int16)


def surname_weights() -> np.ndarray:
    """The weight of each surname: the first few cover a third of all people, as in the national counts."""
    rank = np.arange(len(SURNAMES))
    weight = 1.0 / (rank + 6.0) ** 1.25
    return weight / weight.sum()


def era(birth_year: np.ndarray) -> np.ndarray:
    """The naming era (0 to 4) of each birth year."""
    return np.clip(np.searchsorted(np.array(_STARTS), birth_year, side="right") - 1, 0, 4)


def given_names(
    chance: np.random.Generator, birth_year: np.ndarray, sex: np.ndarray, generation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and second given character of each person as places in `GIVEN_PARTS`; the second is empty for one-character names.

    Args:
        chance: the stream to draw from.
        birth_year: year of birth.
        sex: 1 male, 2 female.
        generation: a number shared by siblings who share a generation character; -1 for none.
    """
    count = len(birth_year)
    group = era(birth_year)
    shared = generation >= 0
    first = np.zeros(count, dtype=np.int16)
    second = np.zeros(count, dtype=np.int16)
    single = (chance.random(count) < np.array(_SINGLE)[group]) & ~shared
    pick_first, pick_second = chance.random(count) ** 1.25, chance.random(count) ** 1.25
    for index in range(5):
        for code, pools in ((1, _MALE), (2, _FEMALE)):
            chosen = (group == index) & (sex == code)
            heads, tails = given_places(pools[index][0]), given_places(pools[index][1])
            place = (pick_first[chosen] * len(heads)).astype(np.int64)
            place = np.where(shared[chosen], generation[chosen] % len(heads), place)
            tail = tails[(pick_second[chosen] * len(tails)).astype(np.int64)]
            first[chosen] = np.where(single[chosen], tail, heads[place])
            second[chosen] = np.where(single[chosen], 0, tail)
    return first, second
