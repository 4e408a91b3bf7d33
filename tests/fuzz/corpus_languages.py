# SPDX-License-Identifier: Apache-2.0
"""Lockfiles, manifests and programs that name packages of a language, for fuzzing to start from; see make_corpus.py."""
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import language_files as files  # noqa: E402

NPM = (b'{"name":"app","lockfileVersion":2,"packages":{"":{"name":"app"},"node_modules/a":{"version":"1.2.3","license":"MIT"},'
       b'"node_modules/a/node_modules/@s/b":{"version":"2.0.0","dev":true},"node_modules/l":{"link":true,"resolved":"x"},'
       b'"node_modules/c":{"name":"real","version":"3.0.0"}},"dependencies":{"a":{"version":"1.2.3"}}}')
TOML = (b'version = 1\n# c\n[[package]]\nname = "a"\nversion = "1.0"\nsource = "registry+x"\ncategory = "dev"\ngroups = ["main", \'t\']\n'
        b'files = [\n  {file = "x", hash = """y\nz"""}, # d\n]\n[package.dependencies]\n"b.c" = {version = ">=1", markers = \'x\'}\n'
        b'[[package]]\nname = \'\'\'\nb\'\'\'\nversion = "\\u0032.0"\nsource = { virtual = "." }\nd = 1979-05-27T07:32:00Z\n')
XML = (b'<?xml version="1.0"?><!DOCTYPE project><!-- c --><project xmlns="http://x"><parent><groupId>p</groupId><version>9</version>'
       b'</parent><properties><v>1.<![CDATA[2]]></v><w>${v}</w></properties><dependencies><dependency><groupId>${project.groupId}'
       b'</groupId><artifactId>b&amp;&#65;</artifactId><version>${w}</version><scope>test</scope></dependency><x:y a=">"/>'
       b'</dependencies></project>')
JSON = b'\xef\xbb\xbf {"a":[1,-0.5e+3,true,false,null,"x\\n\\u00e9\\ud83d\\ude00"],"":{},"b":""}\n'


def damaged(usual):
    yield "usual", usual
    yield "short", usual[:len(usual) * 2 // 3]
    yield "crlf", usual.replace(b"\n", b"\r\n")


def npm_inputs():
    yield from damaged(b'{"name":"@a/b","version":"1.0.0","licenses":[{"type":"MIT"},"ISC"],"license":{"type":"BSD"}}')
    yield "no-name", b'{"version":"1"}'
    yield "odd", b'{"name":"a b","version":"1","name":7,"license":"MIT"}'


def npm_lock_inputs():
    yield from damaged(NPM)
    yield "old", (b'{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0","dev":true}}},'
                  b'"c":{"version":"npm:@s/r@3.0.0"},"d":{"version":"github:x/y#1"}}}')
    yield "deep", b'{"dependencies":{"a":' * 70
    yield "odd", b'{"packages":[{"version":"1"}],"dependencies":7,"packages":{"a/node_modules/":{"version":"1"}}}'


def yarn_lock_inputs():
    yield from damaged(b'# yarn lockfile v1\n\n"@b/c@^7.0.0", "@b/c@^7.1.0":\n  version "7.2.3"\n  dependencies:\n    a "^1"\n\n'
                       b'a@1:\n  version "1.1.1"\n\n"x@npm:@s/r@^2":\n  version "2.0.0"\n')
    yield "berry", (b'__metadata:\n  version: 6\n\n"@a/b@npm:^1.0.0, @a/b@npm:^1.1.0":\n  version: 1.2.0\n  resolution: "@a/b@npm:1.2.0"\n\n'
                    b'"p@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "p@workspace:."\n')
    yield "odd", b'"\n:\n@:\n  version\n  version "\n",":\n  version "1"\n"@":\n  version "1"'


def pnpm_lock_inputs():
    yield from damaged(b"lockfileVersion: '9.0'\npackages:\n\n  '@a/b@1.0.0':\n    resolution: {}\n  c@10.0.0:\n    dev: true\nsnapshots:\n")
    yield "five", (b"lockfileVersion: 5.4\npackages:\n  /@a/b/1.0.0:\n    dev: true\n  /c/2.0.0_r@17.0.0:\n  x:\n    name: y\n    version: 3.0.0\n")
    yield "six", b"lockfileVersion: '6.0'\npackages:\n  /@a/b@1.0.0(r@17.0.0):\n  /c@2.0.0-rc.1:\n"
    yield "odd", b"lockfileVersion:\npackages:\n  :\n  '\n  /:\n  @1:\n    name:\n   x\n  a@1:"


def python_inputs():
    yield from damaged(b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\nLicense: MIT\nClassifier: License :: OSI Approved :: MIT License\n"
                       b"License-Expression: MIT OR ISC\n\nName: b\n")
    yield "odd", b": x\nName\nName:\n cont\nClassifier: License :: \nVersion: 1"


def requirements_inputs():
    yield from damaged(b"# c\n-r x\nA.b_c==1.0 ; python_version<'3' # why\nd[e]===2.0 \\\n  --hash=x==1\nf==1.*\ng>=1\nh (==1!2.0+cu)\n")
    yield "odd", b"==\na==\n[==1\na[==1\na[]==1\\\n"


def pipfile_lock_inputs():
    yield from damaged(b'{"_meta":{},"default":{"a":{"version":"==1.0"},"p":{"path":"."}},"develop":{"b":{"version":"2.0"}}}')


def toml_inputs():
    yield from damaged(TOML)
    yield "odd", b"a.'b.c'.\"\" = inf\n[x]\ne = [[1,],[],\n[true]]\nf = {}\ng = ''\nh = \"\"\ni = '''''''\n"
    yield "deep", b"a = " + b"[" * 100


def program_inputs():
    modules = files.go_modules(("path", "x"), ("mod", "x", "(devel)", ""), ("dep", "a/b", "v1.0.0", "h1:x"), ("dep", "c", "v2.0.0"),
                               ("=>", "d", "v2.0.1", ""), ("dep", "e", "v1"), ("=>", "./e", ""), ("build", "-x=y"))
    usual = files.go_program(modules)
    yield "go", usual
    yield "go-short", usual[:-100]
    yield "go-pointers", files.old_go_program(modules)
    yield "go-without-sections", usual[:40] + bytes(8) + usual[48:]
    yield "go-length", files.elf(".go.buildinfo", b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\xff" * 11)
    yield "rust", files.rust_program(("serde", "1.0.1"), ("cc", "1.0", "build"))
    yield "rust-no-zlib", files.elf(".dep-v0", b"nonsense")
    yield "other", files.elf(".text", b"\x90" * 40)
    yield "head", b"\x7fELF\1\2" + bytes(60)


def go_mod_inputs():
    yield from damaged(b"module x // c\nrequire a v1.0.0\nrequire (\n\tb v2.1.0 // indirect\n\t\"q\" v0.1.0\n)\nexclude (\n\tx v1\n)\n"
                       b"replace a => f v1.0.1\nreplace (\n\tb v2.1.0 => ../b\n)\n")
    yield "odd", b"require (\nrequire a\n)\n)\nrequire `a\nreplace =>\nreplace a b c\nrequire"


def jar_inputs():
    inner = files.zip_archive(files.pom_properties("i", "i", "1"), stored=False)
    usual = files.zip_archive(files.manifest(Bundle_SymbolicName="org.x.a", Bundle_Version="1.0", Bundle_License="MIT"),
                              files.pom_properties("g", "s", "2"), ("lib/i-1.jar", inner), ("lib/bad-1.jar", b"x"))
    yield "usual", usual
    yield "deflated", files.zip_archive(files.pom_properties("g", "a", "1"), ("lib/i-1.jar", inner), stored=False)
    yield "script-before", b"#!/bin/sh\n" + inner
    yield "short", usual[:-30]
    yield "empty", files.zip_archive()
    deep = inner
    for _ in range(12):
        deep = files.zip_archive(("x-1.jar", deep))
    yield "deep", deep
    at = usual.index(b"PK\1\2")
    yield "beyond", usual[:at + 42] + b"\xf0\xff\xff\xff" + usual[at + 46:]
    yield "zip64", usual[:at + 20] + b"\xff" * 8 + usual[at + 28:]


def pom_inputs():
    yield from damaged(XML)
    yield "laughs", (b"<project><properties><a></a><b>${a}${a}</b><c>${b}${b}${c}</c></properties><dependencies><dependency><groupId>g"
                     b"</groupId><artifactId>a</artifactId><version>${c}</version></dependency></dependencies></project>")
    yield "odd", b"<a b='><!---->\n' ><![CDATA[]]]]><?x?></a >"


def gemspec_inputs():
    yield from damaged(b"# -*- encoding: utf-8 -*-\n# stub: rake 13.0.6 ruby lib\n\n  s.name = \"x\".freeze\n  s.licenses = [\"MIT\".freeze, 'Ruby']\n")
    yield "no-stub", b"s.name = 'a'\ns.version = \"1\"\ns.license = 'MIT\nx.name = \"\n"


def gemfile_lock_inputs():
    yield from damaged(b"GIT\n  specs:\n    g (0.1)\n\nPATH\n  specs:\n    own (1.0)\n\nGEM\n  remote: x\n  specs:\n    a (7.0.4)\n      b (= 1)\n"
                       b"    n (1.13.9-x86_64-linux)\n\nPLATFORMS\n  ruby\n")
    yield "odd", b"GEM\n  specs:\n    (\n    a (\n    a ()\n    a"


def composer_inputs():
    packages = b'[{"name":"a/b","version":"v1.0","license":["MIT"]},7,{"version":"1"}]'
    yield from damaged(b'{"packages":' + packages + b',"packages-dev":[{"name":"c/d","version":"2"}]}')
    yield "array", packages


def dotnet_deps_inputs():
    yield from damaged(b'{"runtimeTarget":{"name":"n"},"targets":{"m":{"U/1":{}},"n":{"A/1":{},"runtimepack.R/8":{}}},"libraries":'
                       b'{"A/1":{"type":"package"},"U/1":{"type":"package"},"runtimepack.R/8":{"type":"runtimepack"},"p/1":{"type":"project"}}}')
    yield "odd", b'{"libraries":{"":{"type":"package"},"A":{"type":"package"},"/":{"type":"package"},"B/1":7},"targets":[1]}'


def nuget_lock_inputs():
    yield from damaged(b'{"version":1,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.2.3"},"o":{"type":"Project"}}}}')


def readers_inputs():
    for which, text in enumerate([JSON, TOML, XML, zlib.compress(JSON, 0)[2:-4], zlib.compress(JSON, 0)]):
        yield f"reader-{which}", bytes([which]) + text
        yield f"reader-{which}-pieces", bytes([which + 10]) + text


INPUTS = {
    "cargo-lock": toml_inputs,
    "composer": composer_inputs,
    "composer-lock": composer_inputs,
    "dotnet-deps": dotnet_deps_inputs,
    "gemfile-lock": gemfile_lock_inputs,
    "gemspec": gemspec_inputs,
    "go-mod": go_mod_inputs,
    "jar": jar_inputs,
    "npm": npm_inputs,
    "npm-lock": npm_lock_inputs,
    "nuget-lock": nuget_lock_inputs,
    "pipfile-lock": pipfile_lock_inputs,
    "pnpm-lock": pnpm_lock_inputs,
    "pom": pom_inputs,
    "program": program_inputs,
    "python": python_inputs,
    "python-lock": toml_inputs,
    "readers": readers_inputs,
    "requirements": requirements_inputs,
    "yarn-lock": yarn_lock_inputs,
}
