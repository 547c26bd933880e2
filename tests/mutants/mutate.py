#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mutate.py OUT-DIRECTORY SOURCE... -- COMPILER-ARGUMENT... - write sources with mutants in them

Each source is written once, as mutants_NAME, with every mutant in it; the variable mutant_nr says
at run time which one it is (mutant.h). mutants.tsv says what each number is: number, file, line,
function, kind, what was done. Needs Debian's python3-clang, and so Debian's Python.
"""
import re
import sys
from pathlib import Path

import clang.cindex as clang
from clang.cindex import CursorKind as Kind
from clang.cindex import TypeKind

UNLOCKS = {"pte_unlock", "port_unlock", "port_spin_unlock", "port_up_read", "port_up_write",
           "port_irq_enable"}
BOUNDARIES = {"<": ("MUTANT_LESS", "<="), "<=": ("MUTANT_LESS_EQUAL", "<"),
              ">": ("MUTANT_MORE", ">="), ">=": ("MUTANT_MORE_EQUAL", ">")}
# Decisions that are as good as each other's opposite.
OPPOSITES = {"WP_COPY": "WP_REUSE", "WP_REUSE": "WP_COPY", "UNSHARE_NEEDED": "NULL"}
INTEGERS = {TypeKind.INT, TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG, TypeKind.ULONGLONG,
            TypeKind.LONGLONG, TypeKind.USHORT, TypeKind.ENUM}


class Rewriter:
    """One source: what is put around which piece of it, and what it reads like then."""

    def __init__(self, text):
        self.text = text
        self.wraps = {}     # (start, end): [(before, after)], the innermost first
        self.replaced = {}  # (start, end): text

    def wrap(self, span, before, after=""):
        self.wraps.setdefault(span, []).append((before, after))

    def replace(self, span, text):
        self.replaced[span] = text

    def render(self):
        spans = sorted({*self.wraps, *self.replaced}, key=lambda span: (span[0], -span[1]))
        out, _ = self.render_inside(spans, 0, 0, len(self.text))
        return out

    def render_inside(self, spans, i, start, end):
        """The text from start to end, and the first span after it."""
        out = []
        at = start
        while i < len(spans) and spans[i][0] < end:
            span = spans[i]
            assert at <= span[0] and span[1] <= end, self.text[span[0]:span[1]]
            out.append(self.text[at:span[0]])
            if span in self.replaced:
                inner, i = self.replaced[span], i + 1
            else:
                inner, i = self.render_inside(spans, i + 1, *span)
            for before, after in self.wraps.get(span, []):
                inner = before + inner + after
            out.append(inner)
            at = span[1]
        out.append(self.text[at:end])
        return "".join(out), i


class Source:
    """Finds the mutants of one source, and numbers them from `first` on."""

    def __init__(self, path, arguments, first):
        self.path = Path(path)
        # libclang counts bytes.
        self.text = self.path.read_text(encoding="latin-1")
        self.out = Rewriter(self.text)
        self.first = first
        self.table = []
        self.function = None
        self.unit = clang.Index.create().parse(
            str(path), args=arguments,
            options=clang.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        for message in self.unit.diagnostics:
            if message.severity >= clang.Diagnostic.Error:
                sys.exit(f"mutate.py: {message}")
        macros = [node for node in self.unit.cursor.get_children()
                  if node.kind == Kind.MACRO_INSTANTIATION and self.is_here(node)]
        # What macros with arguments make of them can't be rewritten; others can as a whole.
        self.macros = [self.span(node) for node in macros if self.of(node).endswith(")")]
        self.names = {self.span(node) for node in macros
                      if self.of(node) not in ("true", "false")}

    def is_here(self, node):
        return node.location.file and node.location.file.name == str(self.path)

    @staticmethod
    def span(node):
        return node.extent.start.offset, node.extent.end.offset

    def of(self, node):
        """Its text on one line."""
        return " ".join(self.text[slice(*self.span(node))].split())

    def in_macro(self, node):
        start, end = self.span(node)
        return any(low <= start and end <= high for low, high in self.macros)

    def new(self, node, kind, what):
        """The number of a new mutant."""
        number = self.first + len(self.table)
        self.table.append((number, f"mm/{self.path.name}", node.extent.start.line, self.function,
                           kind, what))
        return number

    def run(self):
        for node in self.unit.cursor.get_children():
            if node.kind == Kind.FUNCTION_DECL and node.is_definition() and self.is_here(node):
                self.function = node.spelling
                self.result = node.result_type.get_canonical().kind
                self.visit(list(node.get_children())[-1])

    # Statements

    def statement_span(self, node):
        """With its semicolon, if it ends in one."""
        start, end = self.span(node)
        if self.text[end - 1] == "}" and not node.kind.is_expression():
            return start, end
        return start, self.text.index(";", end) + 1

    def is_expression(self, node):
        return node.kind.is_expression() and not self.in_macro(node)

    def call_name(self, node):
        return node.spelling if node.kind == Kind.CALL_EXPR else None

    def has_call(self, node):
        return node.kind == Kind.CALL_EXPR or any(map(self.has_call, node.get_children()))

    def drop(self, node):
        """A statement that is a call, an assignment or an increment is left out."""
        if not self.is_expression(node):
            return
        kind = "call" if node.kind == Kind.CALL_EXPR else "store"
        number = self.new(node, kind, f"dropped: {self.of(node)}")
        self.out.wrap(self.statement_span(node), f"{{ if (!mutant({number})) ", " }")

    def move(self, before, node):
        """A statement trades places with the one before it."""
        if not self.is_expression(node) or before.kind == Kind.DECL_STMT or self.in_macro(before):
            return
        unlock = self.call_name(node) in UNLOCKS
        swap = self.is_expression(before) and (self.has_call(before) or self.has_call(node))
        if not unlock and not swap:
            return
        number = self.new(node, "unlock" if unlock else "swap",
                          f"moved up: {self.of(node)}, over: {self.of(before)[:80]}")
        span = self.statement_span(node)
        self.out.wrap(span, f"{{ if (!mutant({number})) ", " }")
        self.out.wrap(self.statement_span(before), f"{{ if (mutant({number})) {self.text[slice(*span)]} ", " }")

    def visit_statements(self, nodes):
        for node in nodes:
            self.visit(node)
            self.drop(node)
        for before, node in zip(nodes, nodes[1:]):
            if before.kind != Kind.RETURN_STMT:
                self.move(before, node)

    # Conditions and values

    def condition(self, node, kind="condition", loop=False):
        """Negated, always true, always false."""
        if self.in_macro(node):
            return
        text = self.of(node)
        if text in ("true", "false"):
            return
        span = self.span(node)
        if not loop:
            number = self.new(node, kind, f"true: {text}")
            self.out.wrap(span, "((", f") || mutant({number}))")
        number = self.new(node, kind, f"false: {text}")
        self.out.wrap(span, "((", f") && !mutant({number}))")
        if not loop:
            number = self.new(node, kind, f"negated: {text}")
            self.out.wrap(span, "((_Bool)(", f") ^ mutant({number}))")

    def operator(self, node, left, right):
        """The operator of a binary expression: where it stands, and what it is."""
        between = self.text[left.extent.end.offset:right.extent.start.offset]
        bare = re.sub(r"/\*.*?\*/", lambda found: " " * len(found[0]), between, flags=re.S)
        found = re.search(r"[-+*/%<>=!&|^]+", bare)
        at = left.extent.end.offset + found.start()
        return (at, at + len(found[0])), found[0]

    def unwrapped(self, node):
        """Without the casts that nobody wrote, and parentheses."""
        while node.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR):
            inner = list(node.get_children())
            if len(inner) != 1:
                break
            node = inner[0]
        return node

    def operand(self, node, name):
        """Of && and ||: left out."""
        inner = self.unwrapped(node)
        if inner.kind == Kind.BINARY_OPERATOR:
            left, right = inner.get_children()
            _, inside = self.operator(inner, left, right)
            if inside == name:
                return
            if inside in ("==", "!="):
                number = self.new(node, "relation", f"negated: {self.of(node)}")
                self.out.wrap(self.span(node), "((_Bool)(", f") ^ mutant({number}))")
        number = self.new(node, "operand", f"dropped: {name} {self.of(node)}")
        if name == "&&":
            self.out.wrap(self.span(node), "((", f") || mutant({number}))")
        else:
            self.out.wrap(self.span(node), "((", f") && !mutant({number}))")

    def zero(self, node, kind, what):
        number = self.new(node, kind, what)
        self.out.wrap(self.span(node), f"MUTANT_ZERO({number}, ", ")")

    def visit_binary(self, node):
        left, right = node.get_children()
        where, name = self.operator(node, left, right)
        if name in ("&&", "||"):
            self.operand(left, name)
            self.operand(right, name)
        elif name in BOUNDARIES:
            macro, other = BOUNDARIES[name]
            number = self.new(node, "relation", f"{other} for {name}: {self.of(node)}")
            self.out.replace(where, ",")
            self.out.wrap(self.span(node), f"{macro}({number}, ", ")")
        elif name == "|":
            for side in (left, right):
                inner = self.unwrapped(side)
                if inner.kind != Kind.BINARY_OPERATOR or "|" not in self.of(inner):
                    self.zero(side, "flag", f"dropped: {self.of(side)}, of: {self.of(node)}")
        elif name == "&" and re.match(r"~|.*_MASK$", self.of(right)):
            number = self.new(right, "mask", f"dropped: {self.of(right)}, of: {self.of(node)}")
            self.out.wrap(self.span(right), f"(mutant({number}) ? -1 : (", "))")
        elif name in ("+", "-") and self.unwrapped(right).kind != Kind.INTEGER_LITERAL:
            self.zero(right, "arithmetic", f"dropped: {name} {self.of(right)}, of: {self.of(node)}")
        elif name == "=" and left.type.get_canonical().kind == TypeKind.BOOL:
            self.condition(right, "value")

    def visit_literal(self, node):
        text = self.of(node)
        span = self.span(node)
        if text in ("true", "false"):
            number = self.new(node, "constant", f"negated: {text}")
            self.out.wrap(span, "(", f" ^ mutant({number}))")
        elif re.fullmatch(r"\d+[uUlL]*", text):
            plus = self.new(node, "constant", f"one more: {text}")
            self.out.wrap(span, "(", f" + mutant({plus}))")
            if int(text.rstrip("uUlL")):
                minus = self.new(node, "constant", f"one less: {text}")
                self.out.wrap(span, "(", f" - mutant({minus}))")

    def visit_return(self, node):
        values = list(node.get_children())
        if not values:
            return
        text = self.of(values[0])
        if text in OPPOSITES:
            number = self.new(node, "return", f"{OPPOSITES[text]} for {text}")
            self.out.wrap(self.span(values[0]), f"(mutant({number}) ? {OPPOSITES[text]} : ", ")")
        elif self.result == TypeKind.BOOL:
            self.condition(values[0], "return")
        elif self.result == TypeKind.POINTER and text != "NULL":
            self.zero(values[0], "return", f"NULL for {text}")
        elif self.result in INTEGERS and text != "0":
            self.zero(values[0], "return", f"0 for {text}")

    def for_parts(self, node):
        """The condition and the body of a for loop."""
        children = list(node.get_children())
        start, depth, semicolons = node.extent.start.offset, 0, []
        for at in range(start, node.extent.end.offset):
            depth += {"(": 1, ")": -1}.get(self.text[at], 0)
            if self.text[at] == ";" and depth == 1:
                semicolons.append(at)
            if self.text[at] == ")" and not depth:
                break
        inside = [child for child in children[:-1]
                  if semicolons and semicolons[0] <= child.extent.start.offset < semicolons[1]]
        return inside[0] if inside else None, children[-1]

    def visit(self, node):
        if self.in_macro(node) or self.span(node) in self.names:
            return
        if node.kind in (Kind.INIT_LIST_EXPR, Kind.TYPE_REF):
            return
        children = list(node.get_children())
        # The condition of a loop comes after its beginning, the rest is as anywhere.
        if node.kind == Kind.COMPOUND_STMT:
            self.visit_statements(children)
            return
        if node.kind == Kind.CASE_STMT:
            children = children[1:]
        for child in children:
            if node.kind in (Kind.INTEGER_LITERAL, Kind.MEMBER_REF_EXPR, Kind.DECL_REF_EXPR):
                break
            self.visit(child)
        if node.kind in (Kind.IF_STMT, Kind.WHILE_STMT, Kind.FOR_STMT, Kind.SWITCH_STMT,
                         Kind.CASE_STMT, Kind.LABEL_STMT):
            self.visit_branches(node, children)
        elif node.kind == Kind.CONDITIONAL_OPERATOR:
            self.condition(children[0])
        elif node.kind == Kind.BINARY_OPERATOR:
            self.visit_binary(node)
        elif node.kind == Kind.INTEGER_LITERAL:
            self.visit_literal(node)
        elif node.kind == Kind.RETURN_STMT:
            self.visit_return(node)
        elif node.kind == Kind.VAR_DECL and node.type.get_canonical().kind == TypeKind.BOOL:
            for child in children:
                if child.kind.is_expression():
                    self.condition(child, "value")

    def visit_branches(self, node, children):
        """Statements that have statements of their own, without braces perhaps."""
        if node.kind == Kind.IF_STMT:
            self.condition(children[0])
            bodies = children[1:]
        elif node.kind == Kind.WHILE_STMT:
            self.condition(children[0], loop=True)
            bodies = children[1:]
        elif node.kind == Kind.FOR_STMT:
            condition, body = self.for_parts(node)
            if condition is not None:
                self.condition(condition, loop=True)
            bodies = [body]
        else:
            bodies = children[-1:]
        for body in bodies:
            if body.kind.is_expression():
                self.drop(body)

    def write(self, directory):
        head = '#include "tests/mutants/mutant.h"\n' f'#line 1 "mm/{self.path.name}"\n'
        (directory / f"mutants_{self.path.name}").write_text(head + self.out.render(),
                                                            encoding="latin-1")


def main():
    at = sys.argv.index("--")
    directory = Path(sys.argv[1])
    table = []
    for path in sys.argv[2:at]:
        source = Source(path, sys.argv[at + 1:], len(table) + 1)
        source.run()
        source.write(directory)
        table += source.table
    (directory / "mutants.tsv").write_text(
        "".join("\t".join(map(str, row)) + "\n" for row in table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
