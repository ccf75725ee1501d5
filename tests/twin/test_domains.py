"""Models are found by entry point and imported only when their section is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twin import domains
from twin.domains import INSTALLED


def test_the_two_of_the_core_come_first_then_the_others_by_name():
    names = domains.names()
    assert names[:2] == ("weather", "assets")
    assert list(names[2:]) == sorted(names[2:])
    assert {"water", "drainage", "traffic", "port"} <= set(names)


def test_every_domain_stands_under_its_own_section():
    assert [domain.section for domain in domains.find().values()] == list(domains.names())


def test_listing_the_sections_imports_no_model():
    code = (
        "import sys, twin.domains as d; list(d.INSTALLED); 'water' in d.INSTALLED; print('hydraulics' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_an_unknown_section_is_a_key_error():
    with pytest.raises(KeyError):
        INSTALLED["electricity"]
