from pathlib import Path

import pytest

from portal.embedded import logs
from portal.embedded.logs import Log


def test_a_full_file_is_put_aside_and_the_last_lines_stay_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 100)
    log = Log(tmp_path, "web")
    for number in range(4):
        log.write(f"line {number} {'x' * 40}")
    log.close()
    older, newer = (tmp_path / name for name in ("web.log.1", "web.log"))
    assert "line 1" in older.read_text()
    assert "line 2" not in older.read_text()
    assert "line 3" in newer.read_text()
    assert [line[:6] for line in log.tail] == ["line 0", "line 1", "line 2", "line 3"]
    assert newer.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_put_aside_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 10)
    (tmp_path / "web.log.1").mkdir()
    log = Log(tmp_path, "web")
    for number in range(3):
        log.write(f"line {number}")
    log.close()
    assert log.tail[-1] == "line 2"
