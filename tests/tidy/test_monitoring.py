"""Monitoring's documents against the code: every metric is explained, and every alert has one."""

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import yaml

from adapter.domain.figures import LedgerFigures
from adapter.jobs.schedule import JOBS
from adapter.telemetry.gauges import LedgerGauges
from adapter.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[2]
METRIC = re.compile(r"\badapter_[a-z_]+")
CLOCK = SimpleNamespace(now=lambda: datetime(2026, 1, 5, tzinfo=UTC))
ALERTS = yaml.safe_load((ROOT / "contracts/adapter/alerts.yaml").read_text())


def families():
    """Return every metric family, by the name that its samples are asked for by."""
    metrics = Metrics(CLOCK)
    ledger = SimpleNamespace(
        figures=SimpleNamespace(gather=lambda _billers, now: LedgerFigures()),  # noqa: ARG005
        watermarks=SimpleNamespace(all=tuple),
    )
    metrics.registry.register(LedgerGauges(ledger, CLOCK, tuple))
    found = {}
    for family in metrics.registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = family
    return found


def documented():
    """Return the labels of every metric of the table, by its name."""
    text = (ROOT / "docs/monitoring.md").read_text()
    rows = re.findall(r"^\| `(adapter_[a-z_]+)` \|([^|]*)\|", text, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_every_metric_is_in_the_table_and_no_other():
    assert set(documented()) == set(families())


def test_every_label_is_in_the_table():
    metrics = Metrics(CLOCK)
    told = documented()
    for made in vars(metrics).values():
        if hasattr(made, "_labelnames"):
            name = f"{made._name}_total" if made._type == "counter" else made._name
            assert told[name] == set(made._labelnames), name


def test_names_end_in_their_unit():
    for name, family in families().items():
        assert name.startswith("adapter_")
        assert family.documentation.endswith(".")
        if family.type == "histogram":
            assert name.endswith("_seconds")


def test_alerts_are_judged_by_metrics_that_there_are():
    (group,) = ALERTS["groups"]
    known = set(families())
    for rule in group["rules"]:
        asked = {
            re.sub("_count$|_sum$|_bucket$", "", name) for name in METRIC.findall(rule["expr"])
        }
        assert asked, rule["alert"]
        assert asked <= known, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "advice"}
        assert rule["labels"]["severity"] in {"warning", "critical"}
        jobs = re.findall(r'job!?="([a-z_]+)"', rule["expr"])
        assert set(jobs) <= {*JOBS, "adapter"}, rule["alert"]


def test_alerts_have_names_of_their_own():
    names = [rule["alert"] for rule in ALERTS["groups"][0]["rules"]]
    assert len(names) == len(set(names))
