"""tools/tour.py: what is read from the page, and which differences count."""

from __future__ import annotations

from tools.tour import PAGE, Step, differences, steps, written

TEXT = """\
# T

```console
$ first --option
line 1
$ second
```

```yaml
$ not a command
```

```console
$ third
old
```
"""


def test_commands_and_outputs_are_read() -> None:
    assert [(step.command, step.output) for step in steps(TEXT)] == [
        ("first --option", ["line 1"]),
        ("second", []),
        ("third", ["old"]),
    ]


def test_outputs_are_written_in_their_places() -> None:
    text = written(TEXT, [["a", "b"], ["c"], []])
    assert [step.output for step in steps(text)] == [["a", "b"], ["c"], []]
    assert text.replace("a\nb\n", "line 1\n").replace("c\n```", "```").replace("$ third\n", "$ third\nold\n") == TEXT


def test_only_what_stays_the_same_is_compared() -> None:
    was = Step(
        "x",
        [
            "   5.2 s  network 10.221.0.0/16 is up",
            "demo-1  ok=64   changed=14   failed=0",
            "id 2779f7c2-2b0c-4e4c-9a4b-0f2f4d3c1a11",
        ],
        0,
        0,
    )
    now = [
        "id 11111111-2b0c-4e4c-9a4b-0f2f4d3c1a11",
        "  11.9 s  network 10.200.0.0/16 is up",
        "  12.0 s  waiting (10 s so far)",
        "demo-1    ok=8  changed=1  failed=0",
    ]
    assert differences(was, now) == ""
    assert "failed=1" in differences(was, [line.replace("failed=0", "failed=1") for line in now])
    assert "changed=0" in differences(was, [line.replace("changed=1", "changed=0") for line in now])
    assert "is down" in differences(was, [line.replace("is up", "is down") for line in now])


def test_the_page_has_commands() -> None:
    assert len(steps(PAGE.read_text())) > 10
