"""What members of enumerations are called in a sentence, by class and value, in both languages.

The Chinese words are those of the programme's documents and platform (`docs/glossary.md`).
"""

from collections.abc import Mapping
from enum import Enum

_ROWS = """
OrganizationState selected|selected|入选
OrganizationState agreed|agreed|已签约
OrganizationState active|active|正常
OrganizationState rectifying|under rectification|整改中
OrganizationState exited|exited|已退出
OrganizationState handed_over|handed over|已移交
CertificateState draft|a draft|草稿
CertificateState issued|issued|已颁发
CertificateState registered|registered|已录入平台
CertificateState suspended|suspended|已暂停
CertificateState revoked|revoked|已撤销
CertificateState superseded|superseded by a correction|已更正并被取代
KeyPurpose issuer|issuer|签发
KeyPurpose status|status|状态列表
Role operator|OPERATOR|项目管理方
Role ministry|MINISTRY|教育部
Role entrusted_body|ENTRUSTED_BODY|受委托机构
Role provincial_authority|PROVINCIAL_AUTHORITY|省级教育行政部门
Role evaluation_organization|EVALUATION_ORGANIZATION|培训评价组织
Role approver|APPROVER|培训评价组织复核人
Role pilot_institution|PILOT_INSTITUTION|试点院校
Role credit_bank|CREDIT_BANK|学分银行
Role verifier|VERIFIER|验证方
PendingState waiting|waiting|待确认
PendingState confirmed|confirmed|已确认
PendingState rejected|rejected|已驳回
PendingState withdrawn|withdrawn|已撤回
PendingState lapsed|lapsed|已失效
CertificateLevel 1|elementary|初级
CertificateLevel 2|intermediate|中级
CertificateLevel 3|advanced|高级
ProposalState draft|a draft|草稿
ProposalState submitted|submitted|已提交
ProposalState under_verification|under verification|核定中
ProposalState recognized|recognized|已认定
ProposalState published|published|已公布
ProposalState returned|returned|已退回
MeasureState filed|filed|已备案
MeasureState published|published|已公布
MeasureState returned|returned|已退回
ApplicationState at_college|with the college|院系审核中
ApplicationState at_academic_office|with the academic office|教务处审核中
ApplicationState at_evaluation_organization|with the evaluation organization|培训评价组织审核中
ApplicationState at_credit_bank|with the credit bank|学分银行审核中
ApplicationState converted|converted|已转换
ApplicationState rejected|rejected|已驳回
ApplicationState reversed|reversed|已撤回
RecordState active|active|有效
RecordState suspended|suspended|已暂停
RecordState revoked|revoked|已撤销
RecordState superseded|superseded|已被取代
RecordState erased|erased|信息已删除
CreditRecordState recorded|recorded|已记录
CreditRecordState rejected|rejected|已拒绝
CreditRecordState withdrawn|withdrawn|已撤回
CourseType theory|theory|理论课
CourseType practice|practice|实践课
"""


def _terms() -> Mapping[tuple[str, str], tuple[str, str]]:
    found = {}
    for row in _ROWS.strip().splitlines():
        key, english, chinese = row.split("|")
        name, _, value = key.partition(" ")
        found[name, value] = (english, chinese)
    return found


TERMS = _terms()
"""(class, value) → English, Chinese."""


def in_words(value: object, language: str) -> object:
    """Return a fact as a sentence names it; several members one after the other."""
    if isinstance(value, Enum):
        english, chinese = TERMS.get((type(value).__name__, str(value.value)), (value.name,) * 2)
        return chinese if language == "zh" else english
    if isinstance(value, tuple):
        between = "、" if language == "zh" else ", "
        return between.join(str(in_words(one, language)) for one in value)
    return value
