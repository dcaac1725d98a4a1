"""Names and identity numbers: what enters a certificate, and how people find it again."""

import sys
import unicodedata
from datetime import date
from itertools import chain

import pytest

from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.rules import HolderBinding
from certgraph.credential.text_rules import text_fault
from certgraph.holder_names import issued_name, name_problems
from certgraph.identity_documents import DocumentType, document_problems
from certgraph.problems import Rejected
from tests.server.conftest import TODAY

DOTS = "•・･‧∙⋅●．.。᛫․◦ꞏ·﹒｡"


@pytest.mark.parametrize("dot", DOTS, ids=ascii)
def test_whatever_dot_is_between_han_characters_is_issued_as_the_one_of_identity_cards(dot):
    assert issued_name(f"阿卜杜拉{dot}示例") == "阿卜杜拉·示例"
    assert holder_name_key(f"阿卜杜拉{dot}示例") == holder_name_key("阿卜杜拉·示例")


def test_a_dot_between_letters_stays():
    assert issued_name("J. Smith") == "J. Smith"
    assert issued_name("J.·Smith") == "J.·Smith"


@pytest.mark.parametrize(
    "typed",
    [
        "阿卜杜拉示例", "阿卜杜拉 示例", "阿卜杜拉\u3000·\u3000示例", "\u200b阿卜杜拉·示例\u200e",
        "阿卜杜拉\ufeff·示例", "阿卜杜拉·\U000e0100示例", " 阿卜杜拉·示例 ", "阿卜杜拉-示例",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_is_found_however_it_is_typed(typed):
    assert holder_name_key(typed) == holder_name_key("阿卜杜拉·示例")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("JOHN SMITH", "John Smith"), ("john  smith", "John Smith"), ("Ｊohn Ｓmith", "John Smith"),
     ("⺠示例", "⺠示例"), ("⾼示例", "高示例"), ("邊\U000e0100示例", "邊示例")],
)  # fmt: skip
def test_case_width_and_variants_make_no_difference(typed, name):
    assert holder_name_key(typed) == holder_name_key(name)


def test_different_names_stay_different():
    names = ["张示例", "张示", "李示例", "John Smith", "Jon Smith", "阿卜杜拉·示例", "阿卜杜·示例"]
    assert len({holder_name_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "typed",
    ["BUG-003", "bug-003", "BUG–003", "BUG—003", "BUG−003", "BUG‐003", "BUG 003", "BUG003",
     "BUG-OO3", "BUG.003", "ＢＵＧ－００３", "BUG\u200b-003", "BUG_003", "bug/oo3"],
)  # fmt: skip
def test_a_number_is_found_however_it_is_typed(typed):
    assert number_lookup_key(typed) == "BUG003"


def test_a_number_is_of_one_certificate_whatever_its_case_and_blanks():
    assert number_key(" bug-0 03") == number_key("ＢＵＧ－００３") == "BUG-003"
    assert len({number_key(number) for number in ("2024-1-11", "2024-11-1", "2024111")}) == 3


def test_what_has_no_letter_keeps_its_signs():
    assert number_lookup_key("..") == ".."
    assert holder_name_key("·") == "·"


INVISIBLE = [
    *map(chr, chain(
        (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFEFF, 0xFFA0),
        range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2070),
        range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0x1BCA0, 0x1BCA4),
        range(0x1D173, 0x1D17B), range(0xE0000, 0xE0200),
    )),
]  # fmt: skip
RADICALS = [chr(point) for point in chain(range(0x2E80, 0x2EF4), range(0x2F00, 0x2FD6))]


def test_no_invisible_character_and_no_radical_is_issued():
    assert len(INVISIBLE) > 446
    for character in (*INVISIBLE, *RADICALS):
        (problem,) = name_problems(f"张{character}示例", "holder_name")
        assert problem.code in ("text.character", "text.look_alike")
        assert problem.facts["place"] == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("张\u3164示例", "Character 2 (U+3164 HANGUL FILLER) cannot be used"),
        ("⾼示例", "Character 1 (U+2FBC KANGXI RADICAL TALL) only looks like 高: type 高."),
        ("张\n示例", "Character 2 (U+000A LINE FEED) cannot be used"),
        ("张\u2800", "Character 2 (U+2800 BRAILLE PATTERN BLANK) cannot be used"),
        ("123", "This has no letter: give a name."),
        ("··", "This has no letter: give a name."),
        ("", "Give 1 to 64 characters."),
    ],
)
def test_the_character_that_cannot_be_used_is_named(name, sentence):
    (problem,) = name_problems(name, "holder_name")
    assert problem.message("en").startswith(sentence)


def test_the_twelve_unified_ideographs_of_the_compatibility_block_are_names():
    for character in "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩":
        assert name_problems(f"山{character}示例", "holder_name") == []
    others = [
        chr(point)
        for point in range(0xF900, 0xFB00)
        if chr(point) not in "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩"
    ]
    assert all(text_fault(character, 1) for character in others)


@pytest.mark.parametrize(
    "name",
    ["𠮷示例", "⼀", "阿卜杜热西提·买买提明·古丽扎尔·努尔艾合买提江·图尔荪阿依·示例",
     "José Ejemplo", "Nguyễn Văn A", "ཚེ་རིང་དཔེ", "O’Neil-Smith"],
)  # fmt: skip
def test_names_of_people_are_issued_but_a_radical_is_not_one(name):
    assert (name_problems(name, "holder_name") == []) is (name != "⼀")


RESIDENT = DocumentType.RESIDENT_ID


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("11010519491231002X", None),
        ("11010519491231002x", None),
        ("110105 19491231 002X", None),
        ("440524188001010014", None),
        ("110105194912310029", "issue.document_check_digit"),
        ("11010519491331002X", "issue.document_birth"),
        ("11010529491231002X", "issue.document_birth"),
        ("1.10105E+17", "issue.document_spreadsheet"),
        ("1.10105194912310E+17", "issue.document_spreadsheet"),
        ("110105194912310000", "issue.document_digits_lost"),
        ("110105194912310000.0", "issue.document_spreadsheet"),
        ("'11010519491231002X", "issue.document_character"),
        ("11010519491231002×", "issue.document_character"),
        ("\u202a11010519491231002X\u202c", "issue.document_character"),
        ("11010519491231\n002X", "issue.document_character"),
        ("11010519491231", "issue.document_shape"),
        ("110105491231002", "issue.document_shape"),
        ("A1010519491231002X", "issue.document_shape"),
        ("1   2", "issue.document_length"),
        ("", "issue.document_length"),
        ("１１０１０５１９４９１２３１００２Ｘ", None),
        ("1" * 100_000, "issue.document_length"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_an_identity_number_is_checked_where_it_enters(number, code):
    problems = document_problems(RESIDENT, number, "document_number", today=TODAY)
    assert [problem.code for problem in problems] == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("type_", "number", "is_taken"),
    [
        (DocumentType.PASSPORT, "E12345678", True),
        (DocumentType.PASSPORT, "EA-1234567", True),
        (DocumentType.PASSPORT, "    ", False),
        (DocumentType.PASSPORT, "E1\u200b2345678", False),
        (DocumentType.PASSPORT, "1.2E+08", False),
        (DocumentType.FOREIGNER_PERMANENT_RESIDENCE, "USA110000010101", True),
        (DocumentType.HK_MACAO_TAIWAN_RESIDENCE_PERMIT, "810000199408230021", True),
        (DocumentType.HK_MACAO_TAIWAN_RESIDENCE_PERMIT, "810000199408230022", False),
    ],
)
def test_other_documents_keep_their_freedom_but_not_blanks(type_, number, is_taken):
    assert (document_problems(type_, number, today=TODAY) == []) is is_taken


def test_whoever_was_born_today_may_be_certified_and_nobody_born_tomorrow():
    digits = "11010520261123001"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    number = digits + "10X98765432"[total % 11]
    assert document_problems(RESIDENT, number, today=date(2026, 11, 23)) == []
    assert document_problems(RESIDENT, number, today=date(2026, 11, 22)) != []


async def test_a_number_that_a_mask_would_show_whole_is_refused(house):
    candidate = house.candidate(
        document_type=DocumentType.PASSPORT,
        document_number="1   2",
        holder_binding=HolderBinding.MASKED_DOCUMENT,
    )
    with pytest.raises(Rejected) as rejected:
        await house.issue(candidate)
    assert [problem.code for problem in rejected.value.problems] == ["issue.document_length"]


def test_the_table_of_invisible_characters_is_that_of_unicode():
    """Every format character that Unicode 14 knows as ignorable is in the table, or refused."""
    if unicodedata.unidata_version != "14.0.0":
        pytest.skip("the table is of Unicode 14")
    seen = [chr(p) for p in range(sys.maxunicode + 1) if unicodedata.category(chr(p)) == "Cf"]
    assert all(name_problems(f"张{character}", "n") for character in seen)
