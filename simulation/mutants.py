#!/usr/bin/env python3
"""Shows that the simulation notices mistakes in ledger-core and ledger-store.

    simulation/mutants.py --check         every text to change stands where it should
    simulation/mutants.py --list          the mutants, and the lines that they change
    simulation/mutants.py --build         build what the next one runs
    simulation/mutants.py                 build and run `simulate --bugs`
    simulation/mutants.py -- --seeds 800  the same with other arguments for `simulate`

The mutants stand in mutants.toml. All of them are put into one copy of the ledger at once,
in target/mutants, each behind a switch that only the copy has; so one build serves all.
The copy is the whole workspace, and shares the target folder: so crates of others have the
features that `.ci/run` builds them with, and are not built again. In the copy,
src/mutants/applied.rs of the simulation tells the hunt of `simulate --bugs` which mutants
there are.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants"
BUILT = ROOT / "target" / "simulate-mutants"
CORE = "ledger-core"
STORE = "ledger-store"
FOLDER = "simulation"


def mutants():
    with open(ROOT / "simulation" / "mutants.toml", "rb") as file:
        return tomllib.load(file)["mutant"]


def sources():
    """The text of every source file that a mutant may change, by path."""
    files = [file for crate in (CORE, STORE) for file in sorted((ROOT / crate / "src").rglob("*.rs"))]
    return {file.relative_to(ROOT): file.read_text(encoding="utf-8") for file in files}


def crate_of(mutant):
    """The crate that a mutant changes."""
    return mutant.get("crate", CORE)


def pattern(find):
    """Matches `find` however rustfmt sets it."""
    expression = ""
    before = ""
    for token in re.findall(r"\w+|[^\w\s]", find):
        if expression:
            both_words = re.match(r"\w", before) and re.match(r"\w", token)
            expression += r"\s+" if both_words else r"\s*"
        if token in ")]}" and before not in "([{,":
            expression += r"(?:,\s*)?"
        expression += re.escape(token)
        before = token
    return re.compile(expression)


def places(files, crate, find):
    """All places of a text in a crate: path, start and end of each."""
    expression = pattern(find)
    return [
        (path, match.start(), match.end())
        for path, text in files.items()
        if path.parts[0] == crate
        for match in expression.finditer(text)
    ]


def wrongs(files):
    """What is wrong with mutants.toml, a line each."""
    names = set()
    for mutant in mutants():
        name = mutant["name"]
        if name in names:
            yield f"{name}: there are two of this name"
        names.add(name)
        crate = crate_of(mutant)
        if crate not in (CORE, STORE):
            yield f"{name}: no mutant changes {crate}"
        for change in mutant["change"]:
            found = places(files, crate, change["find"])
            if len(found) != 1:
                where = "".join(f"\n    {line(files, place)}" for place in found)
                yield f"{name}: stands {len(found)} times in {crate}/src, not once:\n    {change['find'].strip()}{where}"
            if "$on" not in change["replace"]:
                yield f"{name}: `replace` lacks `$on`, so the copy would always be wrong"


def line(files, place):
    path, start, _ = place
    return f"{path}:{files[path].count(chr(10), 0, start) + 1}"


def check(files):
    found = list(wrongs(files))
    if found:
        sys.exit("\n".join(found) + "\nmend simulation/mutants.toml, whose header says how")


def mutated(files):
    """The sources with all mutants in them."""
    for mutant in mutants():
        crate = crate_of(mutant)
        home = "crate" if crate == CORE else "ledger_core"
        switch = f'{home}::mutant::is_on("{mutant["name"]}")'
        for change in mutant["change"]:
            found = places(files, crate, change["find"])
            if len(found) != 1:
                sys.exit(f"{mutant['name']}: another mutant changes the same text: {change['find']}")
            path, start, end = found[0]
            text = files[path]
            new = change["replace"].strip().replace("$on", switch)
            files[path] = text[:start] + new.replace("$found", text[start:end]) + text[end:]
    return files


SWITCH = """//! Which mutant is on in this thread.
use std::cell::Cell;
std::thread_local! {
    static ON: Cell<Option<&'static str>> = const { Cell::new(None) };
}
/// Whether a mutant is on in this thread.
pub fn is_on(name: &str) -> bool {
    ON.get().is_some_and(|on| on == name)
}
/// Turns one mutant on in this thread, or none.
pub fn turn_on(name: Option<&'static str>) {
    ON.set(name);
}
"""


def applied():
    """The list of mutants as source of the simulation."""
    rows = []
    for mutant in mutants():
        name, wrong = json.dumps(mutant["name"]), json.dumps(mutant["wrong"])
        bundles = str(mutant.get("via") == "bundles").lower()
        noticed_as = json.dumps(mutant.get("noticed_as", []))
        rows.append(f"Mutant {{ name: {name}, wrong: {wrong}, "
                    f"via_bundles: {bundles}, noticed_as: &{noticed_as} }},\n")
    return f"""//! Written by simulation/mutants.py.
use super::Mutant;
/// All mutants in this build.
pub const APPLIED: &[Mutant] = &[{"".join(rows)}];
pub(super) fn turn_on(mutant: Option<&Mutant>) {{
    ledger_core::mutant::turn_on(mutant.map(|mutant| mutant.name));
}}
"""


def write(path, text):
    """Writes a file if that changes it, so that Cargo sees what changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def copy(files):
    """Makes the copy, or brings it up to date."""
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    crates = tomllib.loads(text)["workspace"]["members"]
    # One unit is for speed, which does not matter here, and takes one processor.
    text, found = re.subn(r"(?m)^\[profile\.release\.package\.ledger-core\]\n(.+\n)*", "", text)
    assert found == 1, "Cargo.toml has no profile of its own for ledger-core any more"
    texts = {
        Path("Cargo.toml"): text,
        Path("Cargo.lock"): (ROOT / "Cargo.lock").read_text(encoding="utf-8"),
        Path(FOLDER) / "src" / "mutants" / "applied.rs": applied(),
        Path(CORE) / "src" / "mutant.rs": SWITCH,
    }
    texts.update(mutated(files))
    for crate in (CORE, STORE):
        library = Path(crate) / "src" / "lib.rs"
        texts[library] = "#![allow(unused_parens)]\n" + texts[library]
    library = Path(CORE) / "src" / "lib.rs"
    texts[library] += "\n#[allow(missing_docs)]\npub mod mutant;\n"

    wanted = set(texts)
    for crate in crates:
        for source in (ROOT / crate).rglob("*"):
            path = source.relative_to(ROOT)
            if source.is_dir() or "target" in path.parts:
                continue
            wanted.add(path)
            target = COPY / path
            if path not in texts and (
                not target.exists() or target.stat().st_mtime != source.stat().st_mtime
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
    for path, text in texts.items():
        write(COPY / path, text)
    for old in [path for path in COPY.rglob("*") if path.is_file()]:
        if old.relative_to(COPY) not in wanted:
            old.unlink()


def main():
    files = sources()
    if sys.argv[1:] == ["--list"]:
        for mutant in mutants():
            print(f"{mutant['name']}: {mutant['wrong']}")
            for change in mutant["change"]:
                for place in places(files, crate_of(mutant), change["find"]):
                    print(f"    {line(files, place)}")
        return
    check(files)
    if sys.argv[1:] == ["--check"]:
        print(f"{len(mutants())} mutants, each text stands once")
        return
    if sys.argv[1:] != ["--build"] and sys.argv[1:2] not in ([], ["--"]):
        sys.exit(__doc__)
    copy(files)
    target = Path(os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")))
    # An example beside it, because then dev-dependencies count in the features.
    subprocess.run(["cargo", "build", "--release", "--bin", "simulate", "--example", "fixture",
                    "--manifest-path", str(COPY / "Cargo.toml"), "--target-dir", str(target)],
                   check=True)
    # The next build of the simulation itself writes over the program in the target folder.
    shutil.copy2(target / "release" / "simulate", BUILT)
    if sys.argv[1:] != ["--build"]:
        sys.exit(subprocess.run([BUILT, "--bugs", *sys.argv[2:]]).returncode)


if __name__ == "__main__":
    main()
