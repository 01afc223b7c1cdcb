"""docs/alerts.md explains every rule of seeds/alert_rules.csv, with its numbers."""

import csv
import re

import yaml

from ingest.settings import PROJECT_DIR

PAGE = (PROJECT_DIR / "docs" / "alerts.md").read_text()
HEAD = "| rule | tells | when | severity | cooldown | requirement |\n|---|---|---|---|---|---|\n"


def test_the_table_of_rules_is_that_of_the_seed() -> None:
    shown = re.search(r"<!-- rules: .*? -->\n(.*?)\n<!-- end of rules -->", PAGE, re.DOTALL)
    assert shown
    assert shown.group(1) == table()


def test_every_rule_has_a_section_that_says_what_to_do_and_no_section_is_of_a_rule_that_went() -> (
    None
):
    sections = re.split(r"^## ", PAGE.partition("<!-- end of rules -->")[2], flags=re.MULTILINE)[1:]
    about = {name: text for name, _, text in (section.partition("\n") for section in sections)}
    assert list(about) == [rule["rule"] for rule in _rules()] + scraping_rules()
    assert [name for name, text in about.items() if len(text.split()) < 10] == []


def scraping_rules() -> list[str]:
    """Those that only Prometheus can see."""
    file = PROJECT_DIR / "monitoring" / "prometheus" / "rules_scraping.yml"
    (group,) = yaml.safe_load(file.read_text())["groups"]
    return [rule["labels"]["rule"] for rule in group["rules"]]


def table() -> str:
    """The table as it has to stand in the page."""
    rows = [
        f"| [{rule['rule']}](#{rule['rule']}) | {rule['description']} | {rule['aggregate']} of"
        f" `{rule['metric']}`{_matching(rule['matching'])} in {rule['window_minutes']} min"
        f" {rule['comparator']} {rule['threshold']} | {rule['severity']} |"
        f" {rule['cooldown_minutes']} min | {rule['requirement']} |"
        for rule in _rules()
    ]
    return HEAD + "\n".join(rows)


def _matching(labels: str) -> str:
    return "" if labels == "{}" else f" with `{labels.strip('{}')}`"


def _rules() -> list[dict[str, str]]:
    with (PROJECT_DIR / "seeds" / "alert_rules.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))
