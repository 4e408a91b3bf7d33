# SPDX-License-Identifier: Apache-2.0
"""Inputs that are signed: bundles in envelopes."""
import base64
import json

BUNDLE = "application/vnd.tallyman.bundle.v1+json"
KEY_ID = "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9"
# By the key of fuzz_bundle.c over usual_document(); `tallyman rules bundle` made it.
SIGNATURE = "LBCaMq3f2PvOXKH6VAIpC9uLSC71sbEG4/MMnTKvcX1bXzPJ3+70wHUJCLuRP27+lHW8AprLUwcvPZ728IgDDQ=="


def document(files=(("a.yaml", "- list: l\n  items: [a]\n"),), **changes):
    return json.dumps({"schema": "tallyman/bundle/v1", "kind": "rules", "created": "2024-01-01T00:00:00Z",
                       "files": [{"name": name, "text": text} for name, text in files], **changes},
                      separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def envelope(payload, signatures=((KEY_ID, SIGNATURE),), **changes):
    return json.dumps({"payloadType": BUNDLE, "payload": base64.b64encode(payload).decode(),
                       "signatures": [{"keyid": key, "sig": sig} for key, sig in signatures], **changes},
                      separators=(",", ":")).encode() + b"\n"


def bundle_inputs():
    usual = document()
    yield "signed", envelope(usual)
    yield "changed", envelope(document([("a.yaml", "- list: m\n")]))
    yield "other-type", envelope(usual, payloadType="text/plain")
    yield "hint", envelope(usual, [("", "AAAA"), ("another program's", SIGNATURE), (KEY_ID, ""), ("x", "_-8=")])
    yield "unsigned", envelope(usual, [])
    yield "empty", b'{"payload":"","payloadType":"","signatures":[]}'
    yield "more-members", envelope(usual, more={"a": [1, 2.5, None, True]})
    yield "not-base64", envelope(usual).replace(b'"payload":"', b'"payload":"=')
    yield "no-payload", b'{"payloadType":"t","signatures":[{"sig":"","keyid":null}]}'
    yield "bomb", b"[" * 1100
    yield "document", document([("b.yaml", "é\"\\\n\t\x7f"), ("dir/a.yaml", ""), ("..a", "x" * 100)], created="9999-12-31T23:59:59Z")
    yield "document-names", document([("../a", "")])
    yield "document-twice", document([("a", ""), ("a", "")])
    yield "document-time", document(created="2024-02-30T00:00:00Z")
    yield "document-later", document(schema="tallyman/bundle/v2")
    yield "document-kind", document(kind="R")
    yield "document-none", document([])


INPUTS = {
    "bundle": bundle_inputs,
}
