# SPDX-License-Identifier: Apache-2.0
"""Keys, signed files and bundles of rules from outside, and that openssl understands them."""
import base64
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess

import pytest

from scanning import DONE, FAILED, checked_program, make

PROGRAM = checked_program()
RULES = """- rule: A
  desc: d
  source: image
  condition: image.user = root
  output: o %image.user
  priority: WARNING
"""
LOCAL = "- rule: A\n  priority: ERROR\n  override: {priority: replace}\n"

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture
def run(tmp_path):
    """Runs the program in an empty folder, with no trusted keys but those of the test."""
    work = tmp_path / "work"
    work.mkdir()

    def call(*args, expect=DONE, stdin=None, **variables):
        env = {k: v for k, v in os.environ.items() if k not in ("TALLYMAN_KEY_PASSPHRASE", "SOURCE_DATE_EPOCH")}
        env |= {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data"), **variables}
        done = subprocess.run([PROGRAM, *map(str, args)], cwd=work, env=env, capture_output=True, text=True, timeout=60, stdin=stdin)
        assert done.returncode == expect, done.stdout + done.stderr
        if expect == FAILED:
            assert not done.stdout and done.stderr.count("\n") == 1, done.stdout + done.stderr
        return done
    call.work = work
    call.config = tmp_path / "config"
    return call


@pytest.fixture
def signed(run):
    """team.key and team.pub, a rule file and what overrides it, and a bundle of both."""
    run("key", "generate", "team")
    (run.work / "rules.yaml").write_text(RULES)
    (run.work / "local.yaml").write_text(LOCAL)
    run("rules", "bundle", "-k", "team.key", "-o", "team.bundle", "rules.yaml", "local.yaml")
    return run


def openssl(*args, cwd, data=None):
    return subprocess.run(["openssl", *map(str, args)], cwd=cwd, input=data, capture_output=True, timeout=60)


def key_id(run, file, **variables):
    return re.search(r"^ID +([0-9a-f]{64})$", run("key", "show", file, **variables).stdout, re.M)[1]


# ---- keys ----

def test_generate(run):
    done = run("key", "generate", "team")
    assert "not encrypted" in done.stdout
    assert stat.S_IMODE((run.work / "team.key").stat().st_mode) == 0o600
    assert key_id(run, "team.key") == key_id(run, "team.pub")
    assert key_id(run, "team.pub") in done.stdout
    old = (run.work / "team.key").read_text()
    assert "--force" in run("key", "generate", "team", expect=FAILED).stderr
    assert (run.work / "team.key").read_text() == old
    run("key", "generate", "--force", "team")
    assert (run.work / "team.key").read_text() != old
    assert sorted(p.name for p in run.work.iterdir()) == ["team.key", "team.pub"]
    assert "nowhere" in run("key", "generate", "nowhere/team", expect=FAILED).stderr


def test_encrypted(signed):
    run = signed
    (run.work / "passphrase").write_text("correct horse\n")
    (run.work / "passphrase").chmod(0o600)
    assert "(encrypted)" in run("key", "generate", "sealed", "--passphrase-file", "passphrase").stdout
    assert "BEGIN ENCRYPTED PRIVATE KEY" in (run.work / "sealed.key").read_text()
    shown = run("key", "show", "sealed.key").stdout
    assert re.search(r"Encrypted +yes", shown) and "needs the passphrase" in shown
    assert key_id(run, "sealed.key", TALLYMAN_KEY_PASSPHRASE="correct horse") == key_id(run, "sealed.pub")
    sign = ["key", "sign", "--key", "sealed.key", "rules.yaml"]
    assert "--passphrase-file" in run(*sign, expect=FAILED).stderr
    assert "another" in run(*sign, expect=FAILED, TALLYMAN_KEY_PASSPHRASE="wrong").stderr
    of_variable = run(*sign, TALLYMAN_KEY_PASSPHRASE="correct horse").stdout
    assert of_variable == run(*sign, "--passphrase-file", "passphrase", TALLYMAN_KEY_PASSPHRASE="wrong").stdout
    (run.work / "passphrase").chmod(0o644)
    assert "chmod 600" in run(*sign, "--passphrase-file", "passphrase", expect=FAILED).stderr


def test_no_secret_is_shown(signed):
    secret = (signed.work / "team.key").read_text().splitlines()[1]
    shown = signed("key", "show", "team.key").stdout + signed("key", "sign", "-k", "team.key", "team.pub").stdout
    assert secret not in shown and secret[-40:] not in shown


@pytest.mark.parametrize("file, says", [
    ("rules.yaml", "not a key"), ("team.pub", "public key, which can not sign"), ("none.key", "none.key"),
])
def test_what_can_not_sign(signed, file, says):
    assert says in signed("key", "sign", "--key", file, "rules.yaml", expect=FAILED).stderr
    assert says in signed("rules", "bundle", "--key", file, "rules.yaml", expect=FAILED).stderr


def test_a_private_key_that_others_can_read_does_not_sign(signed):
    (signed.work / "team.key").chmod(0o644)
    assert "chmod 600" in signed("key", "sign", "--key", "team.key", "rules.yaml", expect=FAILED).stderr


def test_a_private_key_is_not_to_be_trusted_by(signed):
    assert "whoever can read this one can sign" in signed("key", "verify", "--trust", "team.key", "team.bundle", expect=FAILED).stderr


# ---- files ----

def test_sign_and_verify(signed):
    run, content = signed, b"\x00\xffanything\r\n"
    (run.work / "file").write_bytes(content)
    run("key", "generate", "other")
    run("key", "sign", "-k", "team.key", "-k", "other.key", "--type", "text/plain", "-o", "file.dsse", "file")
    done = run("key", "verify", "--trust", "team.pub", "-o", "again", "file.dsse")
    assert (run.work / "again").read_bytes() == content
    assert done.stdout == f"signed by {key_id(run, 'team.pub')} (team.pub)\ntype text/plain, {len(content)} bytes\n"
    both = run("key", "verify", "--trust", "team.pub", "--trust", "other.pub", "--type", "text/plain", "file.dsse").stdout
    assert both.count("signed by") == 2
    assert "not as 'text/html'" in run("key", "verify", "--trust", "team.pub", "--type", "text/html", "-o", "x", "file.dsse",
                                       expect=FAILED).stderr
    assert not (run.work / "x").exists()


def test_an_empty_file(signed):
    (signed.work / "empty").write_bytes(b"")
    signed("key", "sign", "-k", "team.key", "-o", "empty.dsse", "empty")
    signed("key", "verify", "--trust", "team.pub", "-o", "again", "empty.dsse")
    assert (signed.work / "again").read_bytes() == b""


# ---- bundles ----

def test_bundle_stands_for_its_files(signed):
    plain = signed("rules", "check", "--notes", "rules.yaml", "local.yaml").stdout
    assert signed("rules", "check", "--notes", "--trust", "team.pub", "team.bundle").stdout == plain
    [_, line] = signed("rules", "list", "--trust", "team.pub", "team.bundle").stdout.splitlines()
    assert re.match(r"A +Error +image +ready", line)
    assert "team.bundle:rules.yaml:1" in signed("rules", "explain", "--trust", "team.pub", "A", "team.bundle").stdout


def test_bundle_is_found_by_content_and_in_folders(signed):
    folder = signed.work / "folder"
    folder.mkdir()
    (folder / "a.yaml").write_text((signed.work / "team.bundle").read_text())
    (folder / "b.bundle").write_text((signed.work / "team.bundle").read_text())
    assert "1 rules loaded" in signed("rules", "check", "--trust", "team.pub", "folder/a.yaml").stdout
    explained = signed("rules", "explain", "--trust", "team.pub", "A", "folder").stdout
    assert "folder/b.bundle:rules.yaml" in explained


def test_scan_and_tests_take_bundles(signed, tmp_path):
    store = make.Store(tmp_path / "store")
    image = store.image([store.layer_from_entries([make.directory("etc")])], {"User": "root"})
    make.write_oci_layout(tmp_path / "image", store, [(image.descriptor, None)])
    report = json.loads(signed("scan", "--format", "json", "--no-cache", "--trust", "team.pub", "--rules", "team.bundle",
                               tmp_path / "image").stdout)
    assert [f["message"] for f in report["findings"] if f["rule"] == "A"] == ["o root"]
    (signed.work / "cases.yaml").write_text(
        "rules: [team.bundle]\ncases:\n- {name: n, source: image, fact: {image.user: root}, expect: A}\n")
    assert "1 passed" in signed("rules", "test", "--trust", "team.pub", "cases.yaml").stdout
    assert "is not used" in signed("rules", "test", "cases.yaml", expect=FAILED).stderr
    replay = ["replay", "--rules", "team.bundle", "none.log"]
    assert "none.log" in signed(*replay, "--trust", "team.pub", expect=FAILED).stderr # the rules were taken
    assert "is not used" in signed(*replay, expect=FAILED).stderr


def test_same_files_same_bytes(signed):
    bundle = ["rules", "bundle", "-k", "team.key"]
    first = signed(*bundle, "rules.yaml", "local.yaml", SOURCE_DATE_EPOCH="1704067200").stdout
    folder = signed.work / "elsewhere"
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES)
    (folder / "local.yaml").write_text(LOCAL)
    again = signed(*bundle, folder / "rules.yaml", "elsewhere/local.yaml", SOURCE_DATE_EPOCH="1704067200", TZ="Asia/Tokyo").stdout
    assert first == again
    payload = json.loads(base64.b64decode(json.loads(first)["payload"]))
    assert payload["created"] == "2024-01-01T00:00:00Z"
    assert [(f["name"], f["text"]) for f in payload["files"]] == [("rules.yaml", RULES), ("local.yaml", LOCAL)]
    assert signed(*bundle, "rules.yaml", "local.yaml", SOURCE_DATE_EPOCH="1704067201").stdout != first
    assert "SOURCE_DATE_EPOCH" in signed(*bundle, "rules.yaml", SOURCE_DATE_EPOCH="today", expect=FAILED).stderr


def test_order_in_a_folder_is_the_same_in_every_locale(signed):
    folder = signed.work / "folder"
    folder.mkdir()
    for name in ("b.yaml", "A.yaml", "a.yaml", "B.yml", "é.yaml", ".c.yaml", "d.txt"):
        (folder / name).write_text(RULES)
    for locale in ("C", "C.UTF-8", "en_US.UTF-8"):
        out = signed("rules", "bundle", "-k", "team.key", "folder", LC_ALL=locale).stdout
        names = [f["name"] for f in json.loads(base64.b64decode(json.loads(out)["payload"]))["files"]]
        assert names == ["A.yaml", "B.yml", "a.yaml", "b.yaml", "é.yaml"]


@pytest.mark.parametrize("files, says", [
    ({"bad.yaml": "- rule: A\n"}, "bad.yaml:1:3: rule 'A' has no"),
    ({"bad.yaml": RULES.replace("image.user", "image.usr")}, "did you mean"),
    ({"bad.yaml": "- list: l\n  items: [\xe9]\n".encode("latin-1")}, "bad.yaml"),
    ({"a/x.yaml": RULES, "b/x.yaml": LOCAL}, "'x.yaml' is there twice"),
    ({"x.bundle": RULES}, "is signed already"),
])
def test_what_is_not_bundled(signed, files, says):
    for name, text in files.items():
        path = signed.work / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = signed("rules", "bundle", "-k", "team.key", "-o", "out.bundle", *files, expect=FAILED)
    assert says in done.stderr
    assert not (signed.work / "out.bundle").exists()


def test_who_signs_must_be_said(signed):
    assert "--key" in signed("rules", "bundle", "rules.yaml", expect=FAILED).stderr
    assert "--key" in signed("key", "sign", "rules.yaml", expect=FAILED).stderr


# ---- whom to trust ----

def change(run, edit):
    envelope = json.loads((run.work / "team.bundle").read_text())
    edit(envelope)
    (run.work / "team.bundle").write_text(json.dumps(envelope))


def swap_payload(envelope):
    payload = base64.b64decode(envelope["payload"]).replace(b"WARNING", b"DEBUG")
    envelope["payload"] = base64.b64encode(payload).decode()


@pytest.mark.parametrize("edit, says", [
    (swap_payload, "changed after it was signed"),
    (lambda e: e.update(payloadType="text/plain"), "changed after it was signed"),
    (lambda e: e.update(signatures=[]), "it has no signature"),
    (lambda e: e["signatures"][0].update(sig="AAAA"), "changed after it was signed"),
    (lambda e: e["signatures"][0].update(keyid="", sig=base64.b64encode(bytes(64)).decode()), "by a key that is trusted"),
    (lambda e: e.pop("payload"), "'payload' is missing"),
    (lambda e: e.update(payload="?"), "not base64"),
    (lambda e: e.update(bomb=[[]] * 2000), "more than 1024 values"),
])
def test_damaged(signed, edit, says):
    change(signed, edit)
    for command in (["rules", "check", "team.bundle"], ["rules", "list", "team.bundle"], ["rules", "explain", "A", "team.bundle"],
                    ["key", "verify", "-o", "out", "team.bundle"]):
        done = signed(*command, "--trust", "team.pub", expect=FAILED)
        assert says in done.stderr and "'team.bundle' is not used" in done.stderr
    assert not (signed.work / "out").exists()


def test_cut_short_and_not_signed_at_all(signed):
    whole = (signed.work / "team.bundle").read_text()
    for text in (whole[:-3], whole[:100], "", RULES):
        (signed.work / "team.bundle").write_text(text)
        done = signed("rules", "check", "--trust", "team.pub", "team.bundle", expect=FAILED)
        assert "not a signed envelope" in done.stderr and "get it again" in done.stderr


def test_signed_by_others(signed):
    signed("key", "generate", "other")
    done = signed("rules", "check", "--trust", "other.pub", "team.bundle", expect=FAILED)
    assert key_id(signed, "team.pub")[:16] in done.stderr and "--trust" in done.stderr
    assert "is not used" in signed("rules", "check", "team.bundle", expect=FAILED).stderr


def test_signed_as_something_else(signed):
    payload = base64.b64decode(json.loads((signed.work / "team.bundle").read_text())["payload"])
    (signed.work / "document").write_bytes(payload)
    signed("key", "sign", "-k", "team.key", "-o", "x.bundle", "document")
    assert "signed as 'application/octet-stream'" in signed("rules", "check", "--trust", "team.pub", "x.bundle", expect=FAILED).stderr
    signed("key", "sign", "-k", "team.key", "--type", "application/vnd.tallyman.bundle.v1+json", "-o", "y.bundle", "rules.yaml")
    assert "it is not a bundle" in signed("rules", "check", "--trust", "team.pub", "y.bundle", expect=FAILED).stderr
    (signed.work / "document").write_bytes(payload.replace(b'"kind":"rules"', b'"kind":"profiles"'))
    signed("key", "sign", "-k", "team.key", "--type", "application/vnd.tallyman.bundle.v1+json", "-o", "z.bundle", "document")
    assert "a bundle of profiles, not of rules" in signed("rules", "check", "--trust", "team.pub", "z.bundle", expect=FAILED).stderr


def test_keys_that_are_always_trusted(signed):
    keys = signed.config / "tallyman" / "keys"
    keys.mkdir(parents=True, mode=0o755)
    (keys / "team.pub").write_text((signed.work / "team.pub").read_text())
    (keys / "team.pub").chmod(0o644)
    assert not signed("rules", "check", "team.bundle").stderr
    (keys / "junk.pub").write_text("junk")
    (keys / "junk.pub").chmod(0o644)
    assert "junk.pub" in signed("rules", "check", "team.bundle").stderr
    assert not signed("rules", "check", "rules.yaml").stderr # nothing is signed: nobody asks
    signed("key", "generate", "other")
    signed("rules", "check", "team.bundle", "local.yaml")
    signed("rules", "check", "--trust", "other.pub", "team.bundle", expect=FAILED) # who names keys trusts these alone
    (keys / "team.pub").chmod(0o666)
    done = subprocess.run([PROGRAM, "rules", "check", "team.bundle"], cwd=signed.work, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "XDG_CONFIG_HOME": str(signed.config)})
    assert done.returncode == FAILED and "chmod go-w" in done.stderr and "is not used" in done.stderr


def test_who_names_keys_gets_nothing_unsigned(signed):
    folder = signed.work / "folder"
    folder.mkdir()
    (folder / "a.bundle").write_text((signed.work / "team.bundle").read_text())
    signed("rules", "check", "--trust", "team.pub", "folder")
    (folder / "b.yaml").write_text("- rule: A\n  enabled: false\n  override: {enabled: replace}\n")
    done = signed("rules", "check", "--trust", "team.pub", "folder", expect=FAILED)
    assert "'folder/b.yaml' is not signed" in done.stderr and "rules bundle" in done.stderr
    signed("rules", "list", "--trust", "team.pub") # the stock rules need no signature


# ---- openssl ----

def encoding(envelope):
    """What is signed, as the specification of DSSE has it."""
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


@needs_openssl
def test_openssl_verifies_what_we_sign(signed):
    work = signed.work
    envelope = json.loads((work / "team.bundle").read_text())
    (work / "message").write_bytes(encoding(envelope))
    (work / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "team.pub", "-in", "message", "-sigfile", "signature"]
    assert openssl(*verify, cwd=work).returncode == 0
    (work / "message").write_bytes(encoding(envelope) + b"x")
    assert openssl(*verify, cwd=work).returncode != 0


@needs_openssl
def test_we_verify_what_openssl_signs(signed):
    work = signed.work
    envelope = {"payload": base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode(), "payloadType": "text/x",
                "signatures": [{"keyid": "not ours", "sig": ""}]}
    (work / "message").write_bytes(b"DSSEv1 6 text/x 3 \xff\xfe\xfd")
    done = openssl("pkeyutl", "-sign", "-rawin", "-inkey", "team.key", "-in", "message", cwd=work)
    envelope["signatures"].append({"sig": base64.b64encode(done.stdout).decode()})
    (work / "x.dsse").write_text(json.dumps(envelope, indent=2))
    signed("key", "verify", "--trust", "team.pub", "-o", "out", "x.dsse")
    assert (work / "out").read_bytes() == b"\xff\xfe\xfd"


@needs_openssl
def test_openssl_reads_our_keys(run):
    run("key", "generate", "team")
    run("key", "generate", "sealed", TALLYMAN_KEY_PASSPHRASE="correct horse")
    public = openssl("pkey", "-in", "team.key", "-pubout", cwd=run.work)
    assert public.stdout == (run.work / "team.pub").read_bytes()
    der = openssl("pkey", "-pubin", "-in", "team.pub", "-outform", "DER", cwd=run.work).stdout
    assert hashlib.sha256(der).hexdigest() == key_id(run, "team.key")
    sealed = openssl("pkey", "-in", "sealed.key", "-passin", "pass:correct horse", "-pubout", cwd=run.work)
    assert sealed.stdout == (run.work / "sealed.pub").read_bytes()
    assert openssl("pkey", "-in", "sealed.key", "-passin", "pass:wrong", "-pubout", cwd=run.work).returncode != 0


@needs_openssl
def test_we_read_keys_of_openssl(run):
    work = run.work
    openssl("genpkey", "-algorithm", "ed25519", "-out", "a.key", cwd=work)
    openssl("pkey", "-in", "a.key", "-pubout", "-out", "a.pub", cwd=work)
    openssl("pkey", "-in", "a.key", "-aes256", "-passout", "pass:x", "-out", "b.key", cwd=work)
    for name in ("a.key", "b.key"):
        (work / name).chmod(0o600)
    assert key_id(run, "a.key") == key_id(run, "a.pub") == key_id(run, "b.key", TALLYMAN_KEY_PASSPHRASE="x")
    run("key", "sign", "-k", "b.key", "-o", "x.dsse", "a.pub", TALLYMAN_KEY_PASSPHRASE="x")
    run("key", "verify", "--trust", "a.pub", "x.dsse")
    openssl("genpkey", "-algorithm", "RSA", "-out", "rsa.key", cwd=work)
    assert "only Ed25519" in run("key", "show", "rsa.key", expect=FAILED).stderr
