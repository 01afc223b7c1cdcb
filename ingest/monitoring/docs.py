"""The table of metrics in docs/monitoring.md: `python -m ingest.monitoring.docs` renews it."""

from ingest.metrics import metrics
from ingest.settings import PROJECT_DIR

PAGE = PROJECT_DIR / "docs" / "monitoring.md"
BEGIN, END = "<!-- metrics -->\n", "<!-- end of metrics -->\n"


def table() -> str:
    """One line per metric."""
    lines = ["| metric | kind | labels | sample | what it is |", "|---|---|---|---|---|"]
    for one in metrics():
        labels = ", ".join(one.labels)
        sample = f"`{one.sample}`" if one.sample != one.name else "the same"
        sample = sample if one.is_sampled else ""
        lines.append(f"| `{one.name}` | {one.kind} | {labels} | {sample} | {one.help} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page with the table of now."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    PAGE.write_text(page())
