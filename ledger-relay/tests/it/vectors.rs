//! Golden bytes of proofs, links and frames: `vectors/relay.json`.
//!
//! LEDGER_WRITE_VECTORS=1 cargo test -p ledger-relay --test it vectors

use std::fmt::Write as _;
use std::path::Path;

use ledger_core::GroupId;
use ledger_core::bundle::RecordId;
use ledger_core::relay::{AccessProof, Lane, next_link};
use ledger_core::seal::{EpochKey, Topic};
use ledger_relay::frame::{ClientHello, Code, Cursor, PutResult, RelayHello, Reply, Request};
use ledger_relay::ticket::Ticket;

#[test]
fn the_vectors_of_relays_are_what_the_code_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/relay.json");
    let text = written();
    if std::env::var_os("LEDGER_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        text == std::fs::read_to_string(path).unwrap(),
        "LEDGER_WRITE_VECTORS=1 writes it anew"
    );
}

fn written() -> String {
    let mut text = String::from(
        "{\n  \"version\": 1,\n  \"format\": \"group-ledger/1\",\n  \"about\": \"SPEC 18: proofs of \
         topics, links of a log, and every frame.\",\n",
    );
    let proofs = [("relay.example:443", 7, 9), ("[2001:db8::1]:8443", 8, 10)].map(proof);
    let mut link = [0; 32];
    let links = ["00", "01", "00ff"].map(|record| {
        let id = RecordId::compute(&unhex(record));
        link = next_link(&link, &id);
        let (id, link) = (hex(id.as_bytes()), hex(&link));
        format!("{{ \"record\": \"{record}\", \"id\": \"{id}\", \"link\": \"{link}\" }}")
    });
    let frames: Vec<String> = frames()
        .into_iter()
        .map(|(name, bytes)| format!("{{ \"name\": \"{name}\", \"bytes\": \"{}\" }}", hex(&bytes)))
        .collect();
    for (name, items, end) in
        [("proofs", &proofs[..], ","), ("links", &links, ","), ("frames", &frames, "")]
    {
        let items = items.join(",\n    ");
        writeln!(text, "  \"{name}\": [\n    {items}\n  ]{end}").unwrap();
    }
    text.push_str("}\n");
    text
}

fn proof((relay, key, challenge): (&str, u8, u8)) -> String {
    let epoch = EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [key; 32]);
    let proof = AccessProof::sign(&epoch, relay, &[challenge; 32]);
    assert!(proof.proves(epoch.topic(), relay, &[challenge; 32]));
    let fields = [
        ("relay", relay.to_owned()),
        ("group", hex(&[1; 32])),
        ("secret", hex(&[key; 32])),
        ("challenge", hex(&[challenge; 32])),
        ("topic", epoch.topic().to_string()),
        ("commit", hex(&proof.commit)),
        ("access", hex(&proof.access)),
        ("signature", hex(&proof.signature)),
    ];
    let fields = fields.map(|(name, value)| format!("\"{name}\": \"{value}\""));
    format!("{{ {} }}", fields.join(", "))
}

fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let topic = Topic::from_bytes([7; 32]);
    let ticket = Some(Ticket::from_bytes([3; 20]));
    let cursor = Cursor { seq: 300, link: [5; 8] };
    let proof = AccessProof { commit: [1; 32], access: [2; 32], signature: [3; 64] };
    let (versions, features, token) = (vec![1], vec!["say".to_owned()], None);
    let hello = ClientHello { versions, features: features.clone(), token };
    let greeting = RelayHello {
        version: 1,
        features,
        challenge: [6; 32],
        time_ms: 1_700_000_000_000,
        limits: vec![(1, 256), (9, 16_777_216)],
        retention_days: 0,
        operator: "Ada".to_owned(),
        contact: "abuse@relay.example".to_owned(),
        policy: String::new(),
    };
    let (read, keys) = (Some(cursor), Some(Cursor::default()));
    let record = vec![77; 40];
    let id = RecordId::compute(&record);
    let results = vec![
        PutResult::Stored(Lane::Entries, cursor),
        PutResult::Known(Lane::Keys, cursor),
        PutResult::Refused(Code::Full, 0),
    ];
    let records = vec![record.clone()];
    vec![
        ("hello of a client", Request::Hello(hello).encode()),
        ("prove", Request::Prove { number: 1, topic, challenge: None, proof }.encode()),
        ("follow", Request::Follow { number: 2, topic, ticket, read, stored: None, keys }.encode()),
        ("unfollow", Request::Unfollow { number: 2 }.encode()),
        ("credit", Request::Credit { bytes: 1_048_576 }.encode()),
        ("get", Request::Get { number: 3, topic, ticket, ids: vec![id] }.encode()),
        ("put", Request::Put { number: 4, topic, ticket, records: records.clone() }.encode()),
        ("say", Request::Say { number: 5, topic, ticket: None, body: vec![4; 9] }.encode()),
        ("hello of a relay", Reply::Hello(greeting).encode()),
        (
            "ticket",
            Reply::Ticket {
                number: 1,
                ticket: Ticket::from_bytes([3; 20]),
                expires: 1_700_000_000,
            }
            .encode(),
        ),
        (
            "records",
            Reply::Records { number: 2, lane: Lane::Keys, first: 9, link: [5; 8], records }
                .encode(),
        ),
        ("caught-up", Reply::CaughtUp { number: 2, entries: cursor, keys: cursor }.encode()),
        (
            "diverged",
            Reply::Diverged { number: 2, which: 1, entries: cursor, keys: cursor }.encode(),
        ),
        ("found", Reply::Found { number: 3, records: vec![record], missing: vec![id] }.encode()),
        ("stored", Reply::Stored { number: 4, results }.encode()),
        ("said", Reply::Said { number: 2, body: vec![4; 9] }.encode()),
        ("unknown", Reply::Unknown { kind: 40 }.encode()),
        ("error", Reply::refusal(Some(4), Code::Ticket, None).encode()),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().as_chunks::<2>().0;
    digits
        .iter()
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}
