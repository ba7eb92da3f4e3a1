"""Forgetting runs where a setting says so, and tells what it forgot."""

from dataclasses import replace
from datetime import timedelta

from adapter.domain.exceptions import ExceptionKind
from adapter.jobs.forget_history import run_once


def test_without_the_setting_nothing_is_forgotten(bench):
    resolved_exception(bench)
    bench.clock.at += timedelta(days=9999)
    assert run_once(bench.biller, bench.work).counts == {}
    assert len(bench.ledger.exceptions.page(limit=9)) == 1


def test_what_is_older_than_the_days_to_keep_is_forgotten(bench):
    resolved_exception(bench)
    work = replace(bench.work, rules=replace(bench.work.rules, keep_days=30))
    bench.clock.at += timedelta(days=30)
    assert run_once(bench.biller, work).counts == {}
    bench.clock.at += timedelta(seconds=1)
    assert run_once(bench.biller, work).counts == {"exceptions": 1}


def resolved_exception(bench):
    now = bench.clock.now()
    item = bench.ledger.exceptions.open(bench.biller, ExceptionKind.MISMATCH, "differs", now=now)
    bench.ledger.exceptions.resolve(item.id, now=now, resolution="settled")
