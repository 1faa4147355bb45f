from credit_risk.offenders import MAX_NAME_LENGTH, offender, refusal


def test_of_a_name_only_what_may_be_repeated_is():
    assert offender("\x1b[2Ja\u202eb\n", "unknown")["feature"] == "\ufffd[2Ja\ufffdb\ufffd"
    assert len(offender("x" * 1_000, "unknown")["feature"]) == MAX_NAME_LENGTH


def test_a_refusal_names_the_first_and_carries_all():
    faults = [offender(f"F{i}", "unknown feature") for i in range(25)]
    error = refusal(faults, what="feature", expected="known ones", remedy="correct them")
    assert error.found.startswith("25 features at fault: F0: unknown feature; F1: ")
    assert error.found.endswith("; and 5 more")
    assert error.fields["offenders"] == faults
