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
RegistrationState ahead|more than 3 days away|未到期
RegistrationState due_soon|within 3 days|即将到期
RegistrationState overdue|past, and not entered|已逾期
RegistrationState in_time|entered in time|按期录入
RegistrationState late|entered late|逾期录入
BatchState draft|a draft|草稿
BatchState validated|validated|待复核
BatchState approved|approved|已核准
BatchState issuing|being issued|颁发中
BatchState issued|issued|已颁发
BatchState registered|registered|已录入平台
BatchState rejected|rejected|已驳回
BatchState cancelled|cancelled|已取消
HolderRequestKind correction|correction|更正
HolderRequestKind erasure|erasure|删除
HolderRequestState open|open|待答复
HolderRequestState done|done|已办理
HolderRequestState declined|declined|不予办理
RuleForce block|refused while it is not kept|不符合则不予办理
RuleForce deadline|a day is kept and shown|期限
RuleForce workflow|steps in an order, by several|流程
RuleForce review|a person decides|人工审核
RuleForce trigger|something is begun by it|触发
RuleForce ground|a ground of an exit|退出情形
RuleForce flag|noted as a breach|标记
RuleForce warn|a warning|提醒
RuleForce show|shown|展示
RuleForce serve|a service to the public|服务
RuleForce model|how things are recorded|数据要求
KeyPurpose issuer|issuer|签发
KeyPurpose log|log of certificates|日志
KeyPurpose register|register|登记
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
Role holder|HOLDER|持证人
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
OrganizationKind ministry|ministry|教育部
OrganizationKind entrusted_body|entrusted body|受委托机构
OrganizationKind coordination_body|coordination body|统筹协调机构
OrganizationKind finance_department|finance department|财政部门
OrganizationKind provincial_authority|provincial authority|省级教育行政部门
OrganizationKind evaluation_organization|evaluation organization|培训评价组织
OrganizationKind pilot_institution|pilot institution|试点院校
OrganizationKind credit_bank|credit bank|学分银行
OrganizationKind employer|employer|用人单位
KeyCustody sealed|sealed by this service|由本平台加密保管
KeyCustody organization|held by the organization itself|由机构自行保管
CertificateTypeState announced|announced, perhaps not issued yet|已公布
CertificateTypeState active|being issued|颁发中
CertificateTypeState handed_over|handed over to another organization|已移交
CertificateTypeState withdrawn|no longer issued|已停止颁发
DocumentType resident_id|resident identity card|居民身份证
DocumentType passport|passport|护照
DocumentType hk_macao_taiwan_residence_permit|residence permit, HK, Macao, Taiwan|港澳台居民居住证
DocumentType foreigner_permanent_residence|permanent residence card|外国人永久居留身份证
HolderBinding none|name alone|不绑定证件
HolderBinding masked_document|part of the document number is printed|显示部分证件号码
HolderBinding tag|tied to the document number without showing it|绑定证件号码，不显示
RegisterState registered|in the register with this content|平台已登记
RegisterState not_registered_yet|issued, not entered on the platform yet|已颁发，尚未录入平台
RegisterState not_issued|the register does not hold it|平台没有此证书的记录
RegisterState other_content|the register holds another content|与平台登记的内容不符
Verdict valid|valid|有效
Verdict valid_as_of|genuine; its status now is unknown|真实，当前状态未知
Verdict expired|expired|已过有效期
Verdict suspended|suspended|已暂停
Verdict revoked|revoked|已撤销
Verdict unknown_issuer|the issuer is not in the trust list|颁发机构不在可信名单内
Verdict invalid|altered, forged or not allowed|无效
Verdict no_certificate|no certificate's code|不是证书二维码
Verdict unconfirmed|the register does not confirm it|平台没有此证书的记录
Check text|the text is a certificate's code|二维码内容
Check envelope|the signed bytes are well formed|证书格式
Check issuer_key|the key is known, and good on the day of issue|签发密钥
Check signature|the signature is right|数字签名
Check register|the register has countersigned it, by a key good on the day of issue|平台登记
Check claims|the content is whole and allowed|证书内容
Check entitlement|the organization was allowed to issue it|颁发权限
Check expiry|it has not expired|有效期
Check status|it is neither revoked nor suspended|撤销与暂停状态
CheckState passed|passed|通过
CheckState failed|failed|未通过
CheckState could_not_run|could not be made|无法核验
DeadlineState ahead|more than 14 days away|未到期
DeadlineState due_soon|within 14 days|即将到期
DeadlineState overdue|past, and nothing submitted|已逾期
DeadlineState met|submitted in time|按期提交
DeadlineState met_late|submitted late|逾期提交
ChangeKind upsert|the record is as stated|新增或更新
ChangeKind tombstone|the record no longer counts|失效
ChangeReason registered|the certificate was entered on the platform|证书录入平台
ChangeReason recognized|its credits were recognized|学分已认定
ChangeReason suspended|the certificate was suspended|证书暂停
ChangeReason reinstated|the suspension ended|恢复有效
ChangeReason revoked|the certificate was revoked|证书撤销
ChangeReason superseded|a correction took its place|证书更正
ChangeReason erased|whose it is was erased|信息已删除
ChangeReason repeated|stated again by a new epoch|重新发布
CreditDifference not_recorded|the credit bank has not recorded it|未记录
CreditDifference credits_differ|the credits are not the same|学分不一致
CreditDifference version_behind|the credit bank answered to an earlier version|版本落后
CreditDifference rejected|the credit bank rejected it|已拒绝
CreditDifference not_withdrawn|it no longer counts, and is not withdrawn|应撤未撤
ResyncReason new_epoch|the feed began again|数据流已重新开始
ResyncReason history_lost|the database was restored from a backup|数据已从备份恢复
ResyncReason rebuilding|the feed is being stated again; ask again in some seconds|正在重建
Rounding down|to the step below|向下取整
Rounding nearest|to the nearest step|四舍五入
Rounding up|to the step above|向上取整
CertificateTypeOrder code|by code|按代码排序
CertificateTypeOrder newest|lately announced first; unknown days last|按公布日由近到远
OrganizationOrder code|by code|按代码排序
OrganizationOrder name|by name, as the database sorts texts|按名称排序
Scope read_learners|who the learners of records are|读取学习者身份信息
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
