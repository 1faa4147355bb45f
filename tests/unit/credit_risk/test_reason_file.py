import pytest

from credit_risk.errors import SettingsError
from credit_risk.reason_file import read_entries

ENTRY = """
  - code: INCOME
    against: Your income is low.
    in_favour: Your income is high.
    unknown: Your income is not known.
    features: [AMT_INCOME*, NAME_INCOME_TYPE]
"""


def faults(text):
    with pytest.raises(SettingsError, match="a catalogue of reasons with") as caught:
        read_entries(text)
    return caught.value.fields["faults"]


def test_a_reason_is_read_as_it_is_written():
    (entry,) = read_entries(f"reasons:{ENTRY}")
    assert (entry.code, entry.features) == ("INCOME", ("AMT_INCOME*", "NAME_INCOME_TYPE"))


def test_a_sentence_follows_the_direction_unless_the_value_is_not_known():
    (entry,) = read_entries(f"reasons:{ENTRY}")
    assert entry.sentence("refusal", known=True) == "Your income is low."
    assert entry.sentence("approval", known=True) == "Your income is high."
    assert entry.sentence("refusal", known=False) == "Your income is not known."


def test_a_code_given_twice_is_a_fault():
    assert faults(f"reasons:{ENTRY}{ENTRY}") == ["INCOME: 2 reasons with this code"]


def test_a_field_that_stands_twice_is_a_fault():
    assert faults(f"reasons:{ENTRY}    features: [X]\n") == ["features stands 2 times in what begins at line 2"]


def test_every_fault_is_named_at_once():
    found = faults("reasons:\n  - {code: A, against: ' ', in_favour: yes, sentence: x, features: []}\n  - 7\n")
    assert found == [
        "A: unknown field 'sentence'",
        "A: against is empty",
        "A: in_favour is empty",
        "A: unknown is empty",
        "A: features is not a list of names and patterns",
        "reason number 2: not a reason with the fields code, against, in_favour, unknown, features",
    ]


@pytest.mark.parametrize("text", ["", "[]", "reasons: []", "reasons: 3", "codes:\n  - x"])
def test_a_document_without_reasons_is_refused(text):
    assert faults(text) == ["no list under the name reasons"]


def test_a_text_that_is_no_yaml_is_refused():
    assert "not YAML" in faults("reasons: [")[0]
