"""docs/troubleshooting.md explains exactly the messages that the code can print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.messages import ansible, java, page, python, shell
from tools.messages.rooms import ERRORS, ROOT, files
from tools.messages.skeleton import skeleton

# Hands on what the API process said; its sentences are found where they are made.
RELAYS = {"lab/control.py"}


def texts(found: object) -> list[str]:
    return [message.text for message in found]  # type: ignore[attr-defined]


def test_the_page_and_the_code_are_equal() -> None:
    assert not (problems := page.problems()), "\n" + "\n".join(problems)


def test_every_error_of_the_lab_is_made_of_words() -> None:
    names = [(path.read_text(), path.relative_to(ROOT).as_posix()) for path, reader in files() if reader is ERRORS]
    hidden = [place for source, name in names for place in python.hidden(source, name)]
    assert {place.rsplit(":", 1)[0] for place in hidden} <= RELAYS, hidden


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise FooError('It broke.')", ["It broke."]),
        ("raise FooError(f'{a} broke: ' f'{b}.')", ["… broke: …."]),
        ("raise FooError('No way.' if a else f'{b} ways.')", ["No way.", "… ways."]),
        ("module.fail_json(msg='Gone is ' + name)", ["Gone is …"]),
        ("print('lab: stopped here', file=sys.stderr)", ["lab: stopped here"]),
        ("raise FooError('{host} is {state} now'.format(host=1))", ["… is … now"]),
        ("raise FooError(str(error))", []),
        ("def f():\n    '''What this does is said here.'''", []),
        ("parser.add_argument('-x', help='what it is for and why')", []),
        ("if 'no route to host' in text: pass", []),
    ],
)
def test_messages_of_python(source: str, expected: list[str]) -> None:
    # What an f-string cannot know before it runs is a hole; `.format` templates are the same.
    assert texts(python.messages(source, "x.py", prose=False))[: len(expected) or None] == expected


def test_prose_counts_where_only_prose_can_tell() -> None:
    source = "def why():\n    return f'{name} refused it.' if bad else 'ask the operator of it'\n\nKIND = 'a b'"
    assert texts(python.messages(source, "x.py", prose=False)) == []
    assert set(texts(python.messages(source, "x.py", prose=True))) == {"… refused it.", "ask the operator of it"}


def test_messages_of_java() -> None:
    source = """
    // throw new Exception("a comment is no message");
    void f() {
        logger.info("All is well with " + name);
        if (body.contains("what others say here")) {
            throw new Broken("The file '" + name.get("x y z w") + "' is "
                    + "empty.");
        }
        throw wrong(property, "is reversed");
        int a = b ? g("one way to say it") : 2;
    }
    """
    assert texts(java.messages(source, "X.java")) == ["The file '…' is empty.", "is reversed", "one way to say it"]


def test_messages_of_playbooks() -> None:
    source = """
- name: A task
  block:
    - ansible.builtin.assert: {that: x, fail_msg: "{{ a }} must\\n be {% if b %}one{% endif %}."}
    - ansible.builtin.fail:
        msg: Nobody is there.
    - ansible.builtin.debug: {msg: All is well here.}
    - ansible.builtin.assert: {that: x, fail_msg: "{{ elsewhere }}"}
"""
    assert texts(ansible.messages(source, "x.yml")) == ["… must be …one….", "Nobody is there."]


def test_messages_of_shell_and_make() -> None:
    assert texts(shell.messages('die "$unit did not start in ${S} s: $(reason of it)"', "x.sh")) == [
        "… did not start in … s: …"
    ]
    assert texts(shell.messages('@x || { echo "make: $$y is missing $(Z)" >&2; }', "Makefile")) == [
        "make: … is missing …"
    ]


def test_a_message_without_an_entry_is_named_with_the_line_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = _compare("# T\n", {"It is `gone`.": ["library/x.py:7"]}, tmp_path, monkeypatch)
    assert len(problems) == 1
    assert problems[0].startswith("library/x.py:7 can print a message")
    assert "- `` It is `gone`. ``" in problems[0]


def test_an_entry_without_a_message_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = _compare("### T\n\n- `It is gone.`\n\nText.\n", {}, tmp_path, monkeypatch)
    assert [problem.split(": no code prints this")[0] for problem in problems] == ["docs/page.md:3"]


def test_an_entry_must_explain_itself_and_be_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = {"It is gone.": ["a:1"], "It `is`.": ["a:2"]}
    alone = _compare("### T\n\n- `It is gone.`\n- `` It `is`. ``\n\n### U\n", code, tmp_path, monkeypatch)
    assert ["nothing after the list" in problem for problem in alone] == [True, True]
    twice = _compare(
        "### T\n\n- `It is gone.`\n- `It is gone.`\n- `` It `is`. ``\n\nText.\n", code, tmp_path, monkeypatch
    )
    assert ["listed twice" in problem for problem in twice] == [True]


def test_every_place_of_code_is_read() -> None:
    read = {path.relative_to(ROOT).as_posix() for path, _ in files()}
    assert {
        "inventory_plugins/huaweicloud_ecs.py",
        "roles/root_password/action_plugins/shadow_password.py",
        "roles/hazelcast/tasks/assert.yml",
        "playbooks/host_keys.yml",
        "roles/first_boot/files/init.sh",
        "lab/preflight.py",
        "Makefile",
    } <= read
    assert not any("test" in name for name in read)


def test_holes_fold() -> None:
    assert skeleton("a … …  b\n…… c") == "a … b … c"


def _compare(text: str, code: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The problems of a page of this text against this code."""
    (tmp_path / "docs").mkdir(exist_ok=True)
    (tmp_path / "docs/page.md").write_text(text)
    monkeypatch.setattr(page, "ROOT", tmp_path)
    monkeypatch.setattr(page, "collect", lambda: code)
    monkeypatch.setattr(page, "NO_MESSAGE", {})
    return page.problems(tmp_path / "docs/page.md")
