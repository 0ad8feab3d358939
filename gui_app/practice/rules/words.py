"""The small word lists behind the practice model's answers, English and Chinese."""

# Word lists read and are edited best as running text.
# ruff: noqa: SIM905

from __future__ import annotations

GOOD = frozenset(
    """
    amazing awesome beautiful best better brilliant calm cheap clean clear comfortable convenient cool correct
    delicious delight delighted durable easy effective efficient elegant enjoy enjoyed enjoyable excellent exceptional
    fantastic fast favorite favourite fine flawless fresh friendly fun generous gorgeous good great happy helpful
    impressed impressive incredible intuitive kind like liked love loved lovely marvelous neat nice outstanding
    perfect perfectly pleasant pleased polite prompt quick recommend recommended reliable responsive satisfied smooth
    solid splendid stunning superb sturdy tasty terrific thank thanks top useful valuable warm well wonderful worth
    works yummy positive accurate attentive
    """.split()
)
BAD = frozenset(
    """
    angry annoyed annoying awful bad badly boring broke broken bug buggy bugs cheated cold complain complaint crack
    cracked crap crash crashed crashes damaged dead defective delay delayed difficult dirty disappointed disappointing
    disappointment disgusting dislike dreadful error errors expensive fail failed failing fails failure fake faulty
    flimsy frustrated frustrating garbage hate hated horrible hard ignored impossible incorrect inferior issue issues
    junk lacking late leak leaking lie lost mediocre mess messy missing nasty negative never noisy overpriced painful
    poor poorly problem problems refund regret return returned ridiculous rotten rude sad scam scratched slow smelly
    stale stolen stopped stuck stupid terrible trash ugly unacceptable unhappy uncomfortable unfortunately unhelpful
    unreliable unusable upset useless waste wasted weak weird worse worst wrong
    """.split()
)
NOT = frozenset(
    """
    not no never neither nor without hardly barely cannot cant dont doesnt didnt isnt wasnt arent werent wont wouldnt
    couldnt shouldnt nothing
    """.split()
)

# Longer entries first wherever they are looked up, so that 不满意 is never read as 满意.
GOOD_ZH = (
    "非常满意 满意 喜欢 很好 真好 不错 好评 好用 好吃 推荐 完美 优秀 漂亮 精致 舒服 舒适 方便 实用 划算 便宜 开心 "
    "高兴 惊喜 热情 周到 耐心 专业 贴心 快捷 迅速 很快 干净 新鲜 美味 物美价廉 物超所值 值得 靠谱 结实 耐用 清晰 流畅 "
    "赞 棒 爱 感谢 谢谢 超值 给力 正品 超出预期 五星 友好 友善 细心 准时 好看 可爱 正面 积极"
).split()
BAD_ZH = (
    "不满意 不喜欢 不好 不好用 不好吃 不推荐 不值 不值得 不方便 不实用 不舒服 不清晰 不流畅 不新鲜 不干净 不靠谱 "
    "不专业 差评 很差 太差 差劲 糟糕 失望 难用 难吃 难看 垃圾 骗人 骗子 假货 坏了 坏的 破损 破了 损坏 裂 "
    "退货 退款 投诉 后悔 生气 愤怒 太慢 很慢 缓慢 卡顿 死机 崩溃 故障 问题 异味 太贵 "
    "贵 脏 粗糙 敷衍 态度恶劣 恶劣 不耐烦 浪费 没用 无用 "
    "不能用 劣质 漏水 失灵 延迟 迟到 差 烂 坑 负面 消极 讨厌 恶心"
).split()

POSITIVE_LABELS = frozenset(
    """
    positive pos good great happy satisfied favourable favorable like liked love praise promoter pass passed recommend
    正面 正向 积极 好评 好 满意 褒义 推荐 喜欢 正 赞 优 表扬
    """.split()
)
NEGATIVE_LABELS = frozenset(
    """
    negative neg bad poor unhappy dissatisfied unsatisfied unfavourable unfavorable dislike hate complaint detractor
    fail failed terrible awful
    负面 负向 消极 差评 差 不满意 不满 贬义 不推荐 不喜欢 负 坏 劣 投诉 批评
    """.split()
)
NEUTRAL_LABELS = frozenset(
    """
    neutral mixed ok okay average medium middle fair neither passive normal so-so
    both ambivalent 中性 中立 一般 中评 中 普通 还行 混合 好坏参半 褒贬不一
    """.split()
)
MIXED_LABELS = frozenset("mixed both ambivalent 混合 好坏参半 褒贬不一 两者".split())
OTHER_LABELS = frozenset(
    "other others none unknown misc miscellaneous unclear n/a na else 其他 其它 未知 无 不确定".split()
)
STRONG_MARKS = ("very ", "strongly ", "extremely ", "highly ", "非常", "很", "极", "十分", "强烈")

YES_WORDS = frozenset("yes y true 是 对 真 有".split())
NO_WORDS = frozenset("no n false 否 不是 不对 假 没有 无".split())

# What a yes/no question is about, told from the words of its field.
GOOD_QUESTIONS = frozenset(
    "positive good happy satisfied recommend recommended praise like liked pleased 正面 好评 满意 推荐 喜欢".split()
)
BAD_QUESTIONS = frozenset(
    "negative bad unhappy complaint complaining problem defect issue angry refund 负面 差评 不满 投诉 问题 退款".split()
)

REFERENCE_HEADS = frozenset(
    "reference gold golden expected correct truth target solution ideal "
    "参考 参考答案 标准答案 正确答案 标准 期望".split()
)
ANSWER_HEADS = frozenset(
    "answer response reply candidate output student prediction model 答案 回答 回复 输出 学生答案 模型回答 作答".split()
)
RATING_WORDS = frozenset(
    "rate rating score stars star grade quality points 评分 打分 得分 分数 评级 星级 星 质量".split()
)

# Words that carry no meaning for an overlap.
STOP = frozenset(
    """
    a about all an and any are as at be been but by can did do does for from had has have he her his how i if in into
    is it its just me my of on one or our out s she so some such t than that the their them then there these they this
    those to up us very was we were what when where which who why will with would you your
    """.split()
)

LANGUAGES = (
    "Chinese English French German Spanish Italian Portuguese Japanese Korean Russian Arabic Hindi Dutch Polish "
    "Turkish Vietnamese Thai Indonesian Swedish Danish Norwegian Finnish Greek Czech Hungarian Romanian Ukrainian "
    "Hebrew "
    "中文 简体中文 繁体中文 英文 英语 法语 法文 德语 德文 西班牙语 意大利语 葡萄牙语 日语 日文 韩语 韩文 俄语 阿拉伯语"
).split()
