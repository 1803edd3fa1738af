"""Huawei's rule for passwords, and that no message ever holds the password."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

PATH = Path(__file__).resolve().parents[3] / "roles/root_password/filter_plugins/password_rule.py"
spec = importlib.util.spec_from_file_location("password_rule", PATH)
assert spec and spec.loader
rule = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rule)


@pytest.mark.parametrize(
    "password",
    [
        "Abcdefg1",  # 8, three classes
        "abcdefg1!",
        "ABCDEFG1!",
        "Abcdefgh!",
        "Fin{{al-1x}}",
        "{% raw %}1".replace(" ", "_"),
        "$HOME-Abc1",
        "Aa1!@$%^-_=+[{}]:,./?" + "xxxxx",  # 26, every special
    ],
)
def test_password_that_huawei_takes(password: str) -> None:
    assert rule.password_faults(password) == []


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "is empty"),
        ("${password}", "is the literal ${password}"),
        ("Abcde1!", "has 7 characters"),
        ("Aa1!" * 7, "has 28 characters"),
        ("abcdefgh1", "fewer than three"),
        ("ABCDEFGH!", "fewer than three"),
        ("Abcd 1234", "characters other than"),
        ("Abcd#1234", "characters other than"),
        ("Abcd;1234", "characters other than"),
        ("Äbcd-1234", "characters other than"),
        ("Abcd-123\n", "characters other than"),
        ("Abcd-Root1", "contains root"),
        ("Abcd-tOOr1", "contains root"),
    ],
)
def test_password_that_huawei_refuses(password: str, words: str) -> None:
    faults = rule.password_faults(password)
    assert len(faults) == 1
    assert words in faults[0]


def test_every_fault_is_named() -> None:
    assert len(rule.password_faults("root;")) == 4


@given(st.integers(8, 26), st.randoms(use_true_random=False))
def test_any_mix_of_all_classes_is_fine(length: int, chance: random.Random) -> None:
    characters = [chance.choice(members) for members in rule.CLASSES]
    characters += [chance.choice("".join(rule.CLASSES)) for _ in range(length - len(characters))]
    chance.shuffle(characters)
    password = "".join(characters)
    assert rule.password_faults(password) == [] or "root" in password.lower() or "toor" in password.lower()


@given(st.text(min_size=6, max_size=40))
def test_no_message_holds_the_password(password: str) -> None:
    if password != rule.PLACEHOLDER:
        assert not any(password in fault for fault in rule.password_faults(password))
