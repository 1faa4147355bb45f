"""The catalogue: every feature with its unit and a line that says what it is.

Here: descriptions generated from the specifications, and the page of the documentation made of
them. Keep out: text about single features (it belongs into their specifications).
"""

from credit_risk.features import across_sources, client, grammar
from credit_risk.features.grammar import Summary
from credit_risk.features.terms import Raw, Term
from credit_risk.features.units import CATEGORY

HEAD = """# Features

Generated from the specifications in `credit_risk/features/`; a test holds this page to them.

{total} features of a client, one row each for all clients of application_train and
application_test: {numeric} numbers (64-bit floats) and {categorical} categories (text). Missing is
null; there is no NaN and no infinity. Nothing dated after the application is read, and TARGET
never. CODE_GENDER and NAME_FAMILY_STATUS are stored for fairness figures, and not scored.

Sums are taken over whole steps (amounts in thousandths, ratios in millionths), so that the number of
threads and the engine move no bit of them.

## Names

{grammar}
"""


def description(term: Term) -> str:
    """What a feature is, in one line: source, statistic, measure, filters, unit."""
    return f"{_source(term)}: {term.words}; {term.unit.word}"


def describe() -> str:
    """The documentation page of all features, in Markdown."""
    categorical = sum(term.unit == CATEGORY for term in client.FEATURES)
    total = len(client.FEATURES)
    head = HEAD.format(total=total, numeric=total - categorical, categorical=categorical, grammar=_grammar_section())
    sections = [_section(table.name, table.specifications) for table in client.FEATURE_TABLES]
    return "\n".join([head, *sections, _section("across sources", across_sources.SPECIFICATIONS)])


def _source(term: Term) -> str:
    read = {part.source.table for part in term.walk() if isinstance(part, Summary)}
    if _reads_application(term):
        read.add("application")
    return " and ".join(sorted(read))


def _reads_application(term: Term) -> bool:
    """Whether a raw column stands in it outside of a summary."""
    if isinstance(term, Summary):
        return False
    return isinstance(term, Raw) or any(_reads_application(part) for part in term.parts)


def _grammar_section() -> str:
    """The grammar as its module states it: from the first rule to the notes on missing values."""
    text = grammar.__doc__ or ""
    return text[text.index("    feature") : text.index("Here:")].rstrip()


def _section(title: str, specifications: tuple[Term, ...]) -> str:
    rows = [f"| `{term.name}` | {description(term)} |" for term in specifications]
    section = [f"## {title}", "", f"{len(rows)} features.", "", "| name | what it is |", "| --- | --- |", *rows, ""]
    measures = {part.name: part for term in specifications for part in term.walk() if part.definition}
    if measures:
        section += ["Where:", ""]
        section += [f"- `{name}`: {part.definition}" for name, part in sorted(measures.items())]
        section.append("")
    return "\n".join(section)
