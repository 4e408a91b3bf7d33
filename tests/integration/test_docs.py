# SPDX-License-Identifier: Apache-2.0
"""What the documents point to is there."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page):
    named = re.findall(r"`((?:src|tests|script|docs)/[\w./-]+)`", page.read_text())
    named += re.findall(r"\b((?:tests/\w+|docs)/\w+\.(?:py|c|h|md))\b", page.read_text())
    examples = re.compile(r".*/(test_)?(foo|image_tree)\b")
    assert not [name for name in named if not examples.match(name) and not (ROOT / name.rstrip(".")).exists()]
