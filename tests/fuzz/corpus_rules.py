# SPDX-License-Identifier: Apache-2.0
"""Inputs of the rule language: YAML, conditions, rule files, conditions held against events."""

import struct

# ---- rules ----

def yaml_inputs():
    yield "block", b"# comment\na: >-\n  folded\n  text\n\n  more\nb: |+\n    literal\n      indented\n\nc: 1\n"
    yield "flow", b"{a: [1, 'it''s', \"x\\ty\\x41\\u00e9\\\n   z\"], b: {c: ~, ? d : e}, [f]: g}\n"
    yield "plain", b"a: one\n  two\n    three\nb: null\nc: yes\nd: 0x1f\n"
    yield "documents", b"--- a\n...\n---\n- b\n--- !!str true\n"
    yield "aliases", b"a: &x [1, &y 2]\nb: *x\nc: [*y, *x]\n"
    yield "alias-inside", b"a: &x [1, *x]\n"
    yield "alias-bomb", b"a: &a [x, x, x, x, x, x, x, x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (i + 1, i + 1, b", ".join([b"*%c" % i] * 8)) for i in range(97, 105))
    yield "deep", b"[" * 40 + b"]" * 40
    yield "windows", b"\xef\xbb\xbfa: |\r\n  b\r\n  c\r\nd: e\r\n"
    yield "breaks", "a: b\u0085c: |\u2028  d\u2029  e\rf: 'g\n\n  h'\n".encode()
    yield "twice", b"a: 1\n'a': 2\n"
    yield "not-utf8", b"a: caf\xe9\n"
    yield "nul", b"a: b\0c\n"
    yield "nul-escape", b'a: "b\\0c"\n"\\0": d\n'
    yield "empty", b""


def sized(data):
    return struct.pack("<I", len(data)) + data


def answer(text, tokens, kind=1):
    """Tokens in letters: [ { ] as in YAML, s a plain scalar, q a quoted one with a NUL, & before a node gives it an anchor,
    digits are aliases."""
    out, anchored = bytearray([kind]), 0
    for letter in tokens:
        if letter == "&":
            anchored = 1
            continue
        if letter in "sq[{":
            out += bytes([{"s": 1, "q": 1, "[": 2, "{": 3}[letter], anchored | {"s": 2, "q": 2 << 2}.get(letter, 0)])
            out += struct.pack("<II", 1, 1)
        if letter in "sq":
            out += struct.pack("<II", 0, len(text)) + sized(b"a\0b" if letter == "q" else text)
        if letter == "]":
            out += b"\4"
        elif letter.isdigit():
            out += b"\5" + struct.pack("<I", int(letter))
        anchored = 0
    return sized(text) + bytes(out)


def yaml_answer_inputs():
    for name, tokens in [("scalar", "s"), ("documents", "ss[]{}"), ("nested", "[[[s]q]{s[]q[s]}]"), ("aliases", "[&[s&s]12{1&s}3]"),
                         ("alias-inside", "&[1]"), ("alias-ahead", "[1&s]"), ("alias-of-another-document", "[&s][1]"),
                         ("alias-bomb", "[&[ssssssss]&[11111111]&[22222222]&[33333333]&[44444444]]"), ("deep", "[" * 20 + "]" * 20),
                         ("no-end", "[[]"), ("no-begin", "[]]"), ("no-value", "{sqs]"), ("twice", "{sqss]")]:
        yield name, answer(b"a", tokens.replace("}", "]"))
    yield "empty", answer(b"", "")
    yield "text", answer("é: b\n".encode(), "{sq]")
    yield "error", answer(b"a", "", 2) + struct.pack("<iII", -74, 1, 1) + sized(b"it is wrong")
    yield "error-of-nobody", answer(b"a", "", 2) + struct.pack("<iII", -1, 1, 1) + sized(b"it is wrong")
    yield "raw-beyond", answer(b"a", "") + b"\1\2" + struct.pack("<IIII", 1, 1, 1, 1) + sized(b"x")
    yield "raw-within", answer("é".encode(), "") + b"\1\2" + struct.pack("<IIII", 1, 1, 1, 1) + sized(b"x")
    yield "not-utf8", answer(b"a", "") + b"\1\2" + struct.pack("<IIII", 1, 1, 0, 1) + sized(b"\xc3")


def condition_inputs():
    yield "connectives", b"a and not b or (c or not(d and(e)))and not not f or not (not g)"
    yield "operators", (b"a.b exists and c.d=1 and e.f!=x or g.h<=-1.5e+3 or i.j >0x1F and k.l contains m and n.o "
                        b"startswith \"p q\" and r.s in (t,u , 'v') or w.x pmatch(/a, /b*) or y.z intersects some_name")
    yield "modifiers", b"a.b startswith oneof (c, d) and e.f = anyof and g.h = allof or i.j glob anyof k"
    yield "transformers", (b'tolower(basename(a.b)) in (c) or join(",", (d.e, "f", 12, len(g.h))) = i or '
                           b"getopt(j.k, 'ab:')[b] exists or l.m = val(n.o[1]) or p.q > len(r.s)")
    yield "arguments", b"a.b[1] = c and d.e[/f/*] exists and g.h[\"i ]\"] = j"
    yield "strings", b"a.b = '' or c.d = \"\\\\x\\t\\x41\\xff\\/\" or e.f = 'it\\'s' or g.h endswith \\ or i.j = \"k\\\\\" l\""
    yield "lists", b"a.b in (some) or c.d in (none, some , e) or f.g in (none) or h.i = 'some' or j.k in (x, some,y)"
    yield "lines", b"a and\r\n\t b or\n  c.d = e"
    yield "unicode", "a.b = é and c.d in (\"€ 😀\", \u0085)".encode()
    yield "deep", b"(not(" * 100 + b"a" + b"))" * 100
    yield "wrong-end", b"a and (b or"
    yield "wrong-operator", b"a.b startwith c"
    yield "wrong-quote", b"a.b = \"c"
    yield "wrong-escape", b"a.b = '\\.'"
    yield "nul", b"a\0b"


def rule(name, condition, more=""):
    return f"- rule: {name}\n  desc: d\n  output: o %proc.name\n  priority: info\n  condition: {condition}\n{more}"


EXCEPTIONS = """  exceptions:
  - {name: e, fields: proc.name, comps: in, values: [a, "b c", names]}
  - {name: f, fields: [proc.name, fd.name], comps: [=, startswith], values: [[a, /b], [c, /d]]}
  - {name: g, fields: [proc.pname]}
"""

BASE = """- required_engine_version: 0.57.0
- required_plugin_versions: [{name: container, version: 0.4.0}]
- list: names
  items: [bash, '"a b"', more]
- list: more
  items: [x, y]
- macro: opened
  condition: evt.type in (open, openat)
- macro: named
  condition: (opened and proc.name in (names))
"""


def rules_inputs():
    divider = "\n=====\n"
    usual = BASE + rule("A", ">\n    named and\n    not fd.name startswith /etc", EXCEPTIONS) + rule("B", "named or opened")
    local = """- list: names
  items: [zsh]
  override: {items: append}
- macro: named
  condition: or proc.pname = x
  append: true
- rule: A
  condition: and proc.tty != 0
  priority: debug
  tags: [t]
  exceptions:
  - {name: e, values: [z]}
  override: {condition: append, priority: replace, tags: append, exceptions: append}
- rule: B
  enabled: false
"""
    yield "usual", usual.encode()
    yield "override", (usual + divider + local).encode()
    yield "append-to-nothing", (local + divider + usual).encode()
    yield "windows", usual.replace("\n", "\r\n").encode()
    yield "our-keys", rule("A", "image.user = root", "  source: image\n  applies: image.name exists\n  owner: x\n"
                           "  remediation: y\n  references: [a]\n  controls: [b, c]\n").encode()
    yield "skipped", (rule("A", "ka.verb = x and (", "  source: k8s_audit\n") + rule("B", "proc.nmae = x",
                      "  skip-if-unknown-filter: true\n") + rule("C", "half.value = x", "  source: half\n") +
                      rule("D", "half.kind in (wink, nod, bow)", "  source: half\n")).encode()
    yield "never", (rule("A", "evt.type = open and evt.type = creat") + rule("B", "evt.dir=> and proc.name in ()") +
                    rule("C", "evt.type = open") + rule("D", "evt.type = open and proc.name = x")).encode()
    yield "left-out", (usual + divider + "- macro: named\n  condition: proc.nmae = x\n" + divider +
                       rule("C", "named") + divider + rule("D", "unknown")).encode()
    yield "endless", b"- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a\n- macro: a\n  condition: b or a\n"
    yield "endless-list", (b"- list: a\n  items: [b, a]\n- list: b\n  items: [a]\n" + rule("A", "proc.name in (a, b)").encode())
    yield "tower", ("- {macro: m0, condition: proc.name = x}\n" + "".join(
        f"- {{macro: m{i}, condition: {' or '.join([f'm{i - 1}'] * 10)}}}\n" for i in range(1, 8))).encode()
    yield "wrong-items", (b"- rulle: A\n- ~\n- word\n- {}\n- rule:\n- rule: B\n  priority: warn\n  tags: x\n  enabled: 2\n"
                          b"- macro: m\n- list: l\n  items: [a, [b]]\n- rule: C\n  override: {x: append}\n- rule: D\n  append: 1\n")
    yield "wrong-exceptions", (rule("A", "evt.type = open", "  exceptions: [{name: e}, x, {name: f, fields: [a], comps: [b]}]\n") +
                               rule("B", "evt.type = open", "  exceptions: [{name: f, fields: [a.b], values: [x]}]\n")).encode()
    yield "not-a-sequence", b"rule: A\n"
    yield "version", b"- required_engine_version: 1.0.0\n- required_engine_version: x\n- required_plugin_versions: y\n"


EVENT = b"""evt.type=openat
evt.arg.flags=O_RDWR|O_CREAT
evt.arg.mode=0755
evt.arg.name=../x
evt.rawres=-2
evt.rawtime=1785456000123456789
proc.name=bash
proc.args=-c id -p80 aGVsbG8=
proc.pname=sshd
proc.aname[2]=systemd
proc.cwd=/srv
proc.env=A=b C=d
user.uid=0
fd.name=/etc/shadow
fd.cip=10.0.0.1
fd.sip=::ffff:192.0.2.7
fd.sport=443
fd.types=file,ipv4
container.full_id=0123456789abcdef
container.mounts=/proc:/p:ro:false:private
container.label[app]=web
evt.buffer=\xca\xfe\xff
"""


def match_inputs():
    for number, condition in enumerate([
            b"evt.type in (open, openat) and evt.is_open_write = true and not proc.name in (sh, dash)",
            b"proc.aname = sshd or proc.aname[2] startswith sys and proc.pid exists",
            b"fd.net in (\"10.0.0.0/8\", \"::/0\") or fd.ip != \"10.0.0.2\" and fd.port > 1",
            b"fd.name pmatch (/etc, /usr/*/[a-z]*) and fd.name glob \"/*/shad?w\" and fd.name iglob \"*OW\"",
            b"fd.name regex \"/etc/.+w\"",
            b"proc.name contains oneof (a, b) and proc.name != allof (x, y) and proc.name = anyof (bash, sh)",
            b"getopt(proc.args, \"cp:\")[p] = \"80\" and len(getopt(proc.args, \"cp:\")) > 1",
            b"b64(proc.args[3]) = hello and basename(toupper(proc.cwd)) = SRV",
            b"join(\",\", (proc.name, proc.pname)) = concat(proc.name, \",\", proc.pname)",
            b"evt.buffer bcontains cafe and evt.rawres in (-1, -2, -3, -4, -5) and fd.types intersects (file)",
            b"not (evt.dir = > or evt.num = 0) and container.mount.dest[/proc*] exists",
            b"fs.path.name exists or evt.time startswith 0 or evt.abspath = /x",
            b"proc.name < 5", b"proc.name regex \"(a\"", b"not", b"\xff\x00 and",
    ]):
        yield f"condition-{number}", condition + b"\n*%proc.name %5fd.name %toupper(proc.name) %fd.ip %% %proc.aname[2]!\n" + EVENT


def cases_inputs():
    good = """rules: [a.yaml, /b.yaml]
stock: true
cases:
- name: one
  fact: {evt.type: open, proc.name: x, fd.name: /etc/passwd, proc.args: [a, b]}
  expect: [{rule: A, output: o /etc/passwd}]
  allow: [B*, "*"]
- name: two
  source: image
  facts: [{image.user: root}, {image.user: unknown}, {image.user: ~}]
  expect: B
- name: three
  source: image
  fact: {image.user: x}
  expect: [{rule: B, verdict: undetermined}, C]
"""
    yield "good", good.encode()
    yield "windows", good.replace("\n", "\r\n").encode()
    for number, text in enumerate(["x", "cases: []", "cases: [x]", "cases: [{name: x, fact: [], expect: []}]",
                                   "cases: [{name: x, fact: {a: b}, expect: []}]", "cases: [{name: [], fact: {}, expect: []}]",
                                   "cases: [{name: x, fact: {evt.type: open, proc.pid: {}}, expect: []}]", "rules: {}\ncases: [{}]",
                                   "cases: [{name: x, source: y, fact: {}, expect: []}]", "stock: 5", "---\n---\n"]):
        yield f"wrong-{number}", text.encode()


def policy_inputs():
    good = """version: 1
gates:
- severity: high
- {rule: "A*", source: image}
exceptions:
- rule: A
  where: {image: "app*", key: x}
  reason: r
  owner: o
  expires: 2027-01-31
- rule: "?"
  reason: r
  owner: o
  expires: never
- id: 1f2e3d4c5b6a7988
  reason: r
  owner: o
  expires: 2020-02-29
owners:
- {path: /usr/*, owner: me}
"""
    yield "good", good.encode()
    yield "windows", good.replace("\n", "\r\n").encode()
    yield "several", b"""version: 1
gates: [{rule: [A, "B*"], source: [image, file]}]
exceptions:
- {rule: [A, B], where: {path: [/, /usr/*, "usr/bin/x"], layer: "[a-"}, reason: r, owner: o, expires: never}
- {id: [1f2e3d4c5b6a7988, 0000000000000000], where: {package: pkg:deb/x@1}, reason: r, owner: o, expires: 2020-01-01}
- {rule: "*", where: {key: [CVE-1, CVE-2]}, reason: r, owner: o, expires: 2020-01-01}
owners: [{owner: all}]
"""
    for number, text in enumerate(["", "version: 1", "version: 2", "- x", "version: 1\ngates: [{}]", "version: 1\ngates: [{severity: x}]",
                                   "version: 1\nexceptions: [{rule: x, reason: r, owner: o, expires: 2027-13-01}]",
                                   "version: 1\nexceptions: [{id: [], reason: r, owner: o, expires: never}]",
                                   "version: 1\nowners: [{owner: {}}]", "version: 1\nowners: ~\ngates: x",
                                   "version: 1\ngates: [{rule: []}]", "version: 1\nowners: [{owner: ~}]"]):
        yield f"odd-{number}", text.encode()


INPUTS = {
    "policy": policy_inputs,
    "cases": cases_inputs,
    "condition": condition_inputs,
    "match": match_inputs,
    "rules": rules_inputs,
    "yaml": yaml_inputs,
    "yaml-answer": yaml_answer_inputs,
}
