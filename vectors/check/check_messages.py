"""Compares messages outside of the ledger with the vectors (SPEC 13 to 16)."""
import ed25519
import messages
import pairing
import recovery
import sealing
from compare import expect, load
from keys import derive


def check_messages():
    file = load("messages.json")["messages"]
    for vector in file["phrases"]:
        found = recovery.phrase_checks(bytes.fromhex(vector["entropy"]), vector["phrase"])
        expect("phrases", "messages.json", found, True)
    invite = messages.read_invite(file["invite"])
    for field, found in invite.items():
        expected = True if field == "link" else file["invite"][field]
        expect("invites, field by field", "messages.json", found, expected)
    for field, found in pairing.read_pairing(file["pairing"]).items():
        expect("pairings, field by field", "messages.json", found, file["pairing"][field])
    vector = file["shares"]
    shares = recovery.read_shares(vector)
    for chosen in (shares[:2], shares[1:], shares[::2], shares[::-2]):
        found = recovery.interpolate(chosen).hex()
        expect("entropies from shares", "messages.json", found, vector["entropy"])
    root = ed25519.public_key(derive(bytes.fromhex(vector["entropy"]), "root", vector["index"]))
    expect("entropies from shares", "messages.json", root.hex(), shares[0]["root"].hex())
    for vector in file["broken"]:
        found = messages.rule_of(messages.open_message, None, bytes.fromhex(vector["bytes"]))
        expect("broken messages", f"messages.json {vector['name']}", found, vector["rule"])
    for vector in file["texts"]:
        rule = messages.rule_of(messages.from_text, vector["text"])
        found = messages.from_text(vector["text"]).hex() if rule is None else None
        expect("texts", f"messages.json {vector['text']!r}", found, vector["bytes"])
    for vector in file["fingerprints"]:
        found = messages.fingerprint(bytes.fromhex(vector["bytes"]))
        expect("fingerprints", f"messages.json {vector['of']}", found, vector["digits"])
    check_refused_messages(file)


def check_refused_messages(file):
    def compare(what, name, expected, read, *arguments):
        found = messages.rule_of(read, *arguments)
        expect(what, f"messages.json {what}: {name}", found, expected)

    places = {word: number for known in file["phrases"]
              for word, number in zip(known["phrase"].split(" "),
                                      recovery.numbers_of(bytes.fromhex(known["entropy"])))}
    for vector in file["refused_phrases"]:
        compare("phrases by rule", vector["name"], vector["rule"], recovery.read_phrase,
                vector["phrase"], places)
    invite = file["invite"]
    w, group, member, secret = (bytes.fromhex(invite[field])
                                for field in ("w", "group", "member", "exchange_secret"))
    readers = {
        "link": lambda message: messages.read_link(message),
        "request": lambda message: messages.read_request(message, w, group),
        "answer": lambda message: messages.read_answer(message, secret, group, member),
    }
    for vector in file["refused_invites"]:
        compare("invites by rule", f"{vector['reader']} {vector['name']}", vector["rule"],
                readers[vector["reader"]], bytes.fromhex(vector["message"]))
    devices = pairing.Pairing(file["pairing"])
    for vector in file["pairing_steps"]:
        compare("pairings by rule", f"{vector['step']} {vector['name']}", vector["rule"],
                devices.read, vector["step"], bytes.fromhex(vector["message"]), vector["now_ms"])
    for vector in file["typed_codes"]:
        compare("pairings by rule", f"typed {vector['typed']!r}", vector["rule"], devices.enter,
                vector["typed"], vector["now_ms"])
    for vector in file["weak_offers"]:
        compare("pairings by rule", "weak offer", vector["rule"], pairing.read_reveal,
                *(bytes.fromhex(vector[field]) for field in ("offer", "reveal")), vector["now_ms"])
    key = bytes.fromhex(file["collections"]["request_secret"])
    for vector in file["collections"]["cases"]:
        compare("shares by rule", vector["name"], vector["rule"], recovery.collect,
                [bytes.fromhex(message) for message in vector["returned"]], key)
    for vector in file["refused_requests"]:
        compare("recovery requests by rule", vector["name"], vector["rule"],
                recovery.read_recovery_request, bytes.fromhex(vector["message"]))
    enrolments = file["enrolments"]
    epoch = sealing.EpochKey(*(bytes.fromhex(enrolments[field]) for field in ("group", "secret")))
    for vector in enrolments["cases"]:
        compare("enrolments to carry by rule", vector["name"], vector["rule"],
                recovery.read_enrolment, bytes.fromhex(vector["message"]), epoch)
