"""Labels of authorities in texts: the worked examples of notices, and ways around them."""

from datetime import date

import pytest

from certgraph.duties.labels import LabelOutcome, label_outcome, normal_form

BLOCK, REVIEW, PASS = LabelOutcome.BLOCK, LabelOutcome.REVIEW, LabelOutcome.PASS
TEXTS = {
    "本证书由教育部指导": BLOCK,
    "教 育 部 指 导": BLOCK,
    "教育部\u200b指\u200b导": BLOCK,
    "教育部·指·导": BLOCK,
    "敎育部指導": BLOCK,
    "教育部職成司指導": BLOCK,
    "ＪＹＢ不算": PASS,
    "教育部职业教育与成人教育司指导": BLOCK,
    "在教育部、人社部指导下": BLOCK,
    "职成司 指定": BLOCK,
    "根据教育部指导意见开展试点": PASS,
    "按照《教育部办公厅等关于推进1+X证书制度试点工作的指导意见》执行": PASS,
    "教育部指导性技术文件": PASS,
    "请考生在指定考场就座": PASS,
    "完成指定动作": PASS,
    "请汇入指定账户": PASS,
    "不得要求院校购置指定品牌的设备": PASS,
    "本平台为唯一指定考试平台": BLOCK,
    "请使用指定软件作答": REVIEW,
    "请到指定的教室领取准考证": REVIEW,
    "教育部要求各地指导院校": REVIEW,
    "教育部认定的国家规划教材": REVIEW,
    "教育部指定教材": BLOCK,
    # Siblings: other ways to write the same, and innocent neighbours.
    "教育部\n指导": REVIEW,
    "教育部。指定联系人为张三": REVIEW,
    "联系单位：教育部\n指定考场见附件": REVIEW,
    "本证书由教育部指导\n教师培训即日起报名": BLOCK,
    "教育部指导。教师可自愿参加": BLOCK,
    "教育部指导，中心统一发放": BLOCK,
    "教育部指导。方案见附件": BLOCK,
    "教育部、国家发展改革委、财政部、市场监管总局联合指导": BLOCK,
    "《教育部指导》教材": BLOCK,
    "严禁使用“教育部指导”字样": REVIEW,
    "未经授权不得标注教育部指导字样": REVIEW,
    "教育部《》指导": BLOCK,
    "教育部（职成司）监制": BLOCK,
    "教育部-_-指导": BLOCK,
    "教\ufe00育\u0301部指导": BLOCK,
    "教育部办公厅和财政部指导": BLOCK,
    "官方指定教材": BLOCK,
    "国家「指定」": BLOCK,
    "教育部1指导": REVIEW,
    "教育部推荐教材": REVIEW,
    "严禁使用指定软件": PASS,
    "在指定位置签名": PASS,
    "指导教师由教育部门聘任": PASS,
    "教育部指导思想": PASS,
    "教育部的指导委员会": PASS,
    "学校指导学生报名": PASS,
}


@pytest.mark.parametrize(("text", "outcome"), TEXTS.items())
def test_a_text_is_blocked_reviewed_or_passed(text, outcome):
    assert label_outcome(text, date(2021, 1, 1))[0] is outcome


def test_the_words_that_are_why_are_named():
    assert label_outcome("教 育 部 指 導", date(2021, 1, 1))[1] == "教育部指导"


def test_a_pattern_holds_from_its_day_on():
    assert label_outcome("教育部指导", date(2019, 11, 13))[0] is PASS
    assert label_outcome("教育部指导", date(2019, 11, 14))[0] is BLOCK


def test_a_text_of_the_longest_length_is_read_in_no_time():
    text = "教育部" + "、财政部" * 5_000
    assert label_outcome(text, date(2021, 1, 1))[0] is PASS
    assert normal_form("教育部," * 6_666 + "教") == "教育部" * 6_666 + "教"
