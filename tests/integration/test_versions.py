# SPDX-License-Identifier: Apache-2.0
"""Our orders of versions against the tools that define them, where these are installed: made-up versions, all pairs of
neighbours. `tallyman db compare` prints the statements that do not hold."""
import glob
import os
import random
import shutil
import subprocess

import pytest

TALLYMAN = os.environ["TALLYMAN"]


def compare(ecosystem, text):
    return subprocess.run([TALLYMAN, "--log-level", "error", "db", "compare", ecosystem], input=text, capture_output=True, text=True)


def make(seed, parts, n, most=7, first="0123456789"):
    """n pairs of versions from an ecosystem's building blocks; the second is often the first with one part changed."""
    chance = random.Random(seed)
    pairs = []
    while len(pairs) < n:
        a = [chance.choice(first)] + [chance.choice(parts) for _ in range(chance.randint(0, most))]
        b = list(a)
        at = chance.randint(0, len(b))
        if at < len(b) and at > 0:
            b[at:at + chance.randint(0, 1)] = [chance.choice(parts)] * chance.randint(0, 2)
        else:
            b = [chance.choice(first)] + [chance.choice(parts) for _ in range(chance.randint(0, most))]
        pairs.append(("".join(a), "".join(b)))
    return pairs


def holds(ecosystem, statements):
    assert len({s.split()[1] for s in statements}) == 3, "less, equal and greater must all occur"
    done = compare(ecosystem, "".join(s + "\n" for s in statements))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout[:2000] + done.stderr
    # And it can fail: turned round, none of the unequal ones holds.
    other = {"<": ">", ">": "<", "=": "<"}
    turned = "".join("{} {} {}\n".format(a, other[s], b) for a, s, b in (line.split() for line in statements))
    done = compare(ecosystem, turned)
    assert (done.returncode, done.stdout) == (1, turned)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} here to compare with")


def sign(number):
    return "<" if number < 0 else ">" if number > 0 else "="


def test_dpkg():
    need("dpkg")
    parts = ["1", "0", "00", "10", "9", "a", "z", "A", ".", ".", "~", "~", "+", "-", "-1", "~rc1", "+b1", "deb12u1", "1:"]
    statements = []
    for a, b in make(1, parts[:-1], 400):
        if random.Random(a).random() < 0.2:
            a = "1:" + a
        for op, text in (("lt", "<"), ("eq", "="), ("gt", ">")):
            if subprocess.run(["dpkg", "--compare-versions", a, op, b], stderr=subprocess.DEVNULL).returncode == 0:
                statements.append(f"{a} {text} {b}")
    assert len(statements) > 250, "dpkg refuses the others"
    holds("Debian", statements)


def test_rpm():
    need("rpm")
    parts = ["1", "0", "00", "10", "9", "a", "z", "A", ".", ".", "~", "^", "+", "_", "~rc1", "^git1", ".el9", ".el8_4"]
    pairs = make(2, parts, 800)
    lua = "".join(f'print(rpm.vercmp("{a}", "{b}").." ")' for a, b in pairs)
    done = subprocess.run(["rpm", "--eval", "%{lua:" + lua + "}"], capture_output=True, text=True)
    signs = [int(n) for n in done.stdout.split()]
    assert len(signs) == len(pairs), done.stderr
    holds("Red Hat", [f"{a} {sign(n)} {b}" for (a, b), n in zip(pairs, signs)])


def test_npm():
    need("node")
    found = [p for p in ("/usr/share/nodejs/semver", "/usr/lib/node_modules/npm/node_modules/semver") if os.path.isdir(p)]
    if not found:
        pytest.skip("no semver module of node's here to compare with")
    chance = random.Random(3)
    words = ["alpha", "beta", "rc", "0", "1", "10", "2", "x-y", "Alpha", "-", "1a"]

    def version():
        text = ".".join(str(chance.choice([0, 1, 2, 10])) for _ in range(3))
        if chance.random() < 0.7:
            text += "-" + ".".join(chance.choice(words) for _ in range(chance.randint(1, 3)))
        return text + chance.choice(["", "", "+build.1"])

    pairs = [(version(), version()) for _ in range(1500)]
    program = "const s=require(%r);const l=require('fs').readFileSync(0,'utf8').trim().split('\\n');" \
              "console.log(l.map(x=>s.compare(...x.split(' '))).join(' '))" % found[0]
    done = subprocess.run(["node", "-e", program], input="\n".join(" ".join(p) for p in pairs), capture_output=True, text=True)
    statements = [f"{a} {sign(int(n))} {b}" for (a, b), n in zip(pairs, done.stdout.split())]
    assert len(statements) == len(pairs), done.stderr
    for ecosystem in ("npm", "crates.io", "Go"):
        holds(ecosystem, statements)


def test_pypi():
    packaging = pytest.importorskip("packaging.version", reason="no packaging module here to compare with")
    parts = ["1", "0", "10", ".0", ".1", ".0", "a1", "b", "rc2", "c2", "-1", ".post1", ".dev0", "dev", "+local.1", "+1", "alpha", "_", "-",
             ".Final", "preview3", "r2"]
    statements = []
    for a, b in make(4, parts, 6000, 4):
        try:
            x, y = packaging.Version(a), packaging.Version(b)
        except packaging.InvalidVersion:
            continue
        statements.append(f"{a} {sign((x > y) - (x < y))} {b}")
    assert len(statements) > 500
    holds("PyPI", statements)


def test_pypi_what_does_not_parse():
    """What packaging refuses stands below what it takes."""
    packaging = pytest.importorskip("packaging.version", reason="no packaging module here to compare with")
    parts = ["1", "0", ".", ".1", "a1", "b", "rc2", "-", ".post1", ".dev0", "+l.1", "+", "x", "_", "!", "1!"]
    refused = []
    for a, _ in make(5, parts, 3000, 4):
        try:
            packaging.Version(a)
        except packaging.InvalidVersion:
            refused.append(a)
    assert len(refused) > 200
    done = compare("PyPI", "".join(f"{a} < 0.dev0\n" for a in refused))
    assert (done.returncode, done.stdout) == (0, "")


def test_maven():
    need("java")
    jars = glob.glob("/usr/share/maven/lib/maven-artifact-3*.jar") + glob.glob("/usr/share/java/maven-artifact-3*.jar")
    lang = glob.glob("/usr/share/java/commons-lang3.jar")
    if not jars:
        pytest.skip("no maven-artifact jar here to compare with")
    parts = ["1", "0", "00", "10", ".0", ".1", "-1", "-0", "-", ".", "alpha", "-alpha-", "a", "a1", "b2", "m3", "m", "RC", "-rc1", "cr", "ga",
             "-final", ".Final", "-SNAPSHOT", "sp", "-sp-1", "foo", "-foo", ".x", "-jre", "release"]
    pairs = make(6, parts, 3000, 5)
    chain = [v for pair in pairs for v in pair]
    done = subprocess.run(["java", "-cp", ":".join(jars + lang), "org.apache.maven.artifact.versioning.ComparableVersion"] + chain,
                          capture_output=True, text=True)
    statements = [line.strip() for line in done.stdout.splitlines() if line.startswith("   ")]
    statements = [s.replace("==", "=") for s in statements]
    assert len(statements) == len(chain) - 1, done.stderr[:500]
    holds("Maven", statements)


def test_statements():
    done = compare("npm", "# a comment\n\n1.0.0 < 2.0.0\n  2.0.0 > 3.0.0 \n1 = 1.0\n")
    assert (done.returncode, done.stdout) == (1, "  2.0.0 > 3.0.0 \n")
    for text, line in (("1.0\n", 1), ("1 < 2\n1 <= 2\n", 2), ("1 < \n", 1)):
        done = compare("npm", text)
        assert done.returncode == 2
        assert f"standard input, line {line}: expected 'A < B'" in done.stderr
    done = compare("npn", "")
    assert done.returncode == 2
    assert "did you mean 'npm'?" in done.stderr
    assert compare("Debian:12", "1 < 2").returncode == 0
