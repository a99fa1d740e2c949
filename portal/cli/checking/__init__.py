"""`trellis check` and `trellis doctor`: whether the promises hold, and whether the installation is sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import OperationalError

from portal.cli.checking.finding import Finding
from portal.cli.checking.probes import diagnose
from portal.cli.opening import desk, show
from portal.config import WrongSetting
from portal.sync import proofs
from portal.sync.checker import Check, Place, places
from portal.sync.checker.report import NOT_YET, SHOWN, Report, Verdict
from portal.sync.engine.desk import Desk


@click.command()
@click.option("--tenant", "slug", default="", help="Check one tenant only, by its slug.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--offline", is_flag=True, help="Read our own rows only, not the two sides.")
def check(*, slug: str, as_json: bool, offline: bool) -> None:
    """Prove the invariants, and name whatever breaks one; exits 1 if one fails.

    Nothing is changed but that each company's proof is kept, for its dashboard.
    """
    with _reachable(), _opened_desk() as opened:
        report = Report(offline=offline)
        for place in _chosen(places(opened), slug):
            one = Check(opened, Report(offline=offline), tell=lambda line: click.echo(line, err=True))
            proofs.prove(one, place, how="command")
            report.take_in(one.report)
    if as_json:
        show(report.shown())
    else:
        for verdict in report.verdicts.values():
            _print(verdict, offline=offline)
        click.echo(_summary(report))
        click.echo(f"Not checked yet: {', '.join(NOT_YET)} (--json says why).")
    if not report.holds:
        raise SystemExit(1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do; exits 1 if something is."""
    findings = list(diagnose())
    if as_json:
        show([vars(finding) for finding in findings])
    else:
        for finding in findings:
            _print_finding(finding)
    if any(finding.ok is False for finding in findings):
        raise SystemExit(1)


@contextmanager
def _opened_desk() -> Iterator[Desk]:
    """A desk that leaves no connection open."""
    opened = desk()
    try:
        yield opened
    finally:
        opened.sessions.engine.dispose()
        opened.redis.close()


@contextmanager
def _reachable() -> Iterator[None]:
    """A database that is not there is a wrong setting, in one line."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise WrongSetting(f"DATABASE_URL cannot be used: {reason}; `trellis doctor` says more.") from error


def _chosen(all_places: list[Place], slug: str) -> list[Place]:
    chosen = [place for place in all_places if not slug or place.slug == slug]
    if slug and not chosen:
        raise WrongSetting(f"--tenant: there is no tenant {slug!r}; `trellis tenant list` shows them.")
    return chosen


def _print(verdict: Verdict, *, offline: bool) -> None:
    invariant = verdict.invariant
    if offline and invariant.live and verdict.holds:
        click.echo(f"- {invariant.code:4} {invariant.name}: not looked at offline")
        return
    sign = "✓" if verdict.holds else "✗"
    against = f", {verdict.failures:,} wrong" if verdict.failures else ""
    promise = f"{invariant.code:4} {invariant.name}: {invariant.promise}"
    click.echo(f"{sign} {promise} ({verdict.looked:,} looked at{against})")
    for example in verdict.counter_examples:
        click.echo(f"       {example.thing}: {example.wrong}  {example.where}")
    if verdict.failures > SHOWN:
        click.echo(f"       … and {verdict.failures - SHOWN:,} more")
    for line in verdict.information:
        click.echo(f"       i {line}")


def _summary(report: Report) -> str:
    lost, doubled = report.verdicts["I2"].failures, report.verdicts["I1"].failures
    return (
        f"Orders proven: {report.orders:,}. Lost: {lost:,}. Doubled: {doubled:,}"
        f" (ever made more than once: {len(report.ever_doubled):,}). Outcome: {report.outcome}."
    )


def _print_finding(finding: Finding) -> None:
    sign = {True: "✓", False: "✗", None: "?"}[finding.ok]
    todo = f" → {finding.todo}" if finding.todo else ""
    click.echo(f"{sign} {finding.topic}: {finding.words}{todo}")
