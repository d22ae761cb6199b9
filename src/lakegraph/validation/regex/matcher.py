"""Regular expressions compiled so that no text makes them slow.

Expressions that could make a backtracking engine explode are refused when shapes are loaded. The rest run in Python's
engine as long as the text is short enough for the expression, and in a simulation in linear time when it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lakegraph.validation.regex.automaton import degree
from lakegraph.validation.regex.syntax import Anchor, Chars, Choice, Loop, Regex, parse_regex

Matcher = Callable[[str], bool]
_STEPS = 1_000_000
"""About the steps that the backtracking engine may take for one text."""
_MOST_INSTRUCTIONS = 20_000


def compile_pattern(pattern: str, flags: str = "") -> Matcher:
    """A function that says whether *pattern* matches somewhere in a text.

    Args:
        pattern: An XPath regular expression.
        flags: Letters out of ``smixq``.

    Raises:
        ValueError: The expression is malformed, uses what is not supported, or can blow up; says which.
    """
    tree = parse_regex(pattern, flags)
    power = degree(tree)
    if power is None:
        raise ValueError("it can take exponential time, because a repeated part can match one text in several ways")
    options = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    search = re.compile(_python(tree, multiline="m" in flags), options).search
    if power == 1:
        return lambda text: search(text) is not None
    longest = int(_STEPS ** (1 / power))
    slow = _linear(tree, options)
    return lambda text: search(text) is not None if len(text) <= longest else slow(text)


def _python(tree: Regex, *, multiline: bool) -> str:
    """*tree* in the syntax of Python's ``re``."""
    if isinstance(tree, Chars):
        return tree.python
    if isinstance(tree, Anchor):
        # Python's $ alone also matches before a last line break.
        return r"\Z" if tree.sign == "$" and not multiline else tree.sign
    if isinstance(tree, Loop):
        high = "" if tree.high is None else tree.high
        return f"(?:{_python(tree.part, multiline=multiline)}){{{tree.low},{high}}}"
    if isinstance(tree, Choice):
        return "(?:" + "|".join(_python(o, multiline=multiline) for o in tree.options) + ")"
    return "".join(_python(p, multiline=multiline) for p in tree.parts)


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One step of the simulation: ``char`` and ``anchor`` carry a text, ``fork`` where to go on, ``match`` nothing."""

    kind: str
    text: str = ""
    targets: tuple[int, ...] = ()


def _fork(*targets: int) -> _Instruction:
    return _Instruction("fork", targets=targets)


def _linear(tree: Regex, options: int) -> Matcher:
    """A matcher that follows all possibilities at once, one character at a time (Thompson's simulation)."""
    program: list[_Instruction] = []
    _emit(tree, program)
    program.append(_Instruction("match"))
    singles = {step.text: re.compile(step.text, options).fullmatch for step in program if step.kind == "char"}
    multiline = bool(options & re.MULTILINE)

    def matches(text: str) -> bool:
        waiting: set[int] = set()
        for at in range(len(text) + 1):
            states = _settled({*waiting, 0}, program, _anchors(text, at, multiline=multiline))
            if len(program) - 1 in states:
                return True
            if at < len(text):
                character = text[at]
                waiting = {s + 1 for s in states if program[s].kind == "char" and singles[program[s].text](character)}
        return False

    return matches


def _anchors(text: str, at: int, *, multiline: bool) -> frozenset[str]:
    """The anchors that hold before character *at*."""
    begins = at == 0 or (multiline and text[at - 1] == "\n")
    ends = at == len(text) or (multiline and text[at] == "\n")
    return frozenset(sign for sign, holds in (("^", begins), ("$", ends)) if holds)


def _settled(states: set[int], program: list[_Instruction], anchors: frozenset[str]) -> set[int]:
    """*states* with all that can be reached from them without reading a character."""
    seen: set[int] = set()
    queue = list(states)
    while queue:
        state = queue.pop()
        if state in seen:
            continue
        seen.add(state)
        step = program[state]
        queue += step.targets
        if step.kind == "anchor" and step.text in anchors:
            queue.append(state + 1)
    return seen


def _emit(tree: Regex, program: list[_Instruction]) -> None:
    if len(program) > _MOST_INSTRUCTIONS:
        raise ValueError("its repetitions add up to too large an expression")
    if isinstance(tree, Chars):
        program.append(_Instruction("char", tree.python))
    elif isinstance(tree, Anchor):
        program.append(_Instruction("anchor", tree.sign))
    elif isinstance(tree, Choice):
        _emit_choice(tree, program)
    elif isinstance(tree, Loop):
        for _ in range(tree.low):
            _emit(tree.part, program)
        if tree.high is None:
            _emit_star(tree.part, program)
        else:
            _emit_optional(tree.part, tree.high - tree.low, program)
    else:
        for part in tree.parts:
            _emit(part, program)


def _emit_choice(tree: Choice, program: list[_Instruction]) -> None:
    fork = len(program)
    program.append(_Instruction("fork"))
    starts, ends = [], []
    for option in tree.options:
        starts.append(len(program))
        _emit(option, program)
        ends.append(len(program))
        program.append(_Instruction("fork"))
    program[fork] = _fork(*starts)
    for end in ends:
        program[end] = _fork(len(program))


def _emit_star(part: Regex, program: list[_Instruction]) -> None:
    fork = len(program)
    program.append(_Instruction("fork"))
    _emit(part, program)
    program.append(_fork(fork))
    program[fork] = _fork(fork + 1, len(program))


def _emit_optional(part: Regex, times: int, program: list[_Instruction]) -> None:
    forks = []
    for _ in range(times):
        forks.append(len(program))
        program.append(_Instruction("fork"))
        _emit(part, program)
    for fork in forks:
        program[fork] = _fork(fork + 1, len(program))
