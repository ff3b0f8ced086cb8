//! Cost of sealing, epoch keys and bundles.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use hmac::{Hmac, Mac as _};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeS, single_shot_seal_with_rng};
use ledger_core::bundle::Records;
use ledger_core::engine::VerifiedEntry;
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EpochKey};
use sha2::Sha256;

use super::host::Host;
use super::raw::{Raw, Reader};
use super::{Effort, Figure, Report, core_ms, median, time_ms};

/// Entries of the bundle.
const ENTRIES: usize = 10_000;

/// Entries of one durable transaction of an import. The number decides how long other writers wait,
/// and what an interruption loses. Raw inserts commit as often.
const BATCH: usize = 2_000;

/// Entries or recipients of one measurement.
const ROUND: usize = 1_000;

/// Every figure of the exchange.
pub fn all(report: &mut Report, effort: Effort) {
    report.measure(|| seal_and_open(effort));
    report.measure(|| epoch_change(effort));
    report.measure(|| import(effort));
}

/// An entry whose bytes are about 500.
#[must_use]
pub fn entry_of_500_bytes() -> VerifiedEntry {
    let mut crowd = super::crowd::Crowd::new();
    crowd.grow(9);
    crowd.write(50, 6);
    let distance = |entry: &&VerifiedEntry| entry.decoded().as_bytes().len().abs_diff(500);
    // The genesis entry names no group.
    crowd.entries.iter().skip(1).min_by_key(distance).unwrap().clone()
}

/// Sealing and opening, beside the raw cipher and HMAC over as many bytes.
fn seal_and_open(effort: Effort) -> Vec<Figure> {
    let entry = entry_of_500_bytes();
    let key = EpochKey::from_bytes(entry.decoded().header().group().unwrap(), [7; 32]);
    let padded = key.seal(entry.decoded()).len() - 73;
    let cipher = XChaCha20Poly1305::new(&Key::from([7; 32]));
    let nonce = XNonce::from([7; 24]);
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    let raw = || {
        let mut buffer = vec![7; padded];
        let mac_of = |bytes: &[u8]| {
            let mut mac = mac.clone();
            mac.update(bytes);
            black_box(mac.finalize());
        };
        mac_of(&buffer);
        let inside = InOutBuf::from(buffer.as_mut_slice());
        let tag = cipher.encrypt_inout_detached(&nonce, &[0; 40], inside).unwrap();
        let inside = InOutBuf::from(buffer.as_mut_slice());
        cipher.decrypt_inout_detached(&nonce, &[0; 40], inside, &tag).unwrap();
        mac_of(&buffer);
        black_box(buffer);
    };
    let ours = || {
        let sealed = key.seal(black_box(entry.decoded()));
        black_box(key.open(&Envelope::parse(&sealed).unwrap()).unwrap());
    };
    let pair = |_| {
        (core_ms(|| (0..ROUND).for_each(|_| ours())), core_ms(|| (0..ROUND).for_each(|_| raw())))
    };
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..effort.times(15)).map(pair).unzip();
    vec![Figure {
        name: format!(
            "seal and open an entry of {} bytes, by raw cipher and HMAC",
            entry.decoded().as_bytes().len()
        ),
        value: median(&ours) * 1e3 / ROUND as f64,
        unit: "µs",
        limit: median(&theirs) * 1e3 / ROUND as f64,
        at_most: 1.5,
    }]
}

/// A new epoch key for 100 members with 3 devices and a phrase each, beside as many raw wraps.
fn epoch_change(effort: Effort) -> Vec<Figure> {
    let recipients: BTreeSet<[u8; 32]> = (0..400u32)
        .map(|n| {
            let mut secret = [3; 32];
            secret[..4].copy_from_slice(&n.to_be_bytes());
            ExchangeKey::from_bytes(secret).public_key()
        })
        .collect();
    let group = entry_of_500_bytes().decoded().header().group().unwrap();
    let keys: Vec<<X25519HkdfSha256 as Kem>::PublicKey> = recipients
        .iter()
        .map(|key| <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(key).unwrap())
        .collect();
    let pair = |n: usize| {
        let seed = [u8::try_from(n % 256).unwrap(); 32];
        let ours = core_ms(|| {
            let key = EpochKey::from_bytes(group, seed);
            black_box(key.begin(&[]).unwrap());
            black_box(key.wrap_for(&recipients, &seed));
        });
        let mut rng = ChaCha20Rng::from_seed(seed);
        let theirs = core_ms(|| {
            for key in &keys {
                let wrap = single_shot_seal_with_rng::<
                    ChaCha20Poly1305,
                    HkdfSha256,
                    X25519HkdfSha256,
                >(&OpModeS::Base, key, &[7; 105], &seed, &[], &mut rng);
                black_box(wrap.unwrap());
            }
        });
        (ours, theirs)
    };
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..effort.times(25)).map(pair).unzip();
    vec![Figure {
        name: "epoch change for 100 members with 3 devices, by raw wraps".to_owned(),
        value: median(&ours),
        unit: "ms",
        limit: median(&theirs),
        at_most: 1.2,
    }]
}

/// Import of a bundle into an empty database, beside raw verification, cipher and inserts.
fn import(effort: Effort) -> Vec<Figure> {
    let host = Host::new(ENTRIES);
    let pair = |round: usize| {
        let name = format!("ben{round}.db");
        let bundle = host.admit(&name);
        std::fs::copy(host.path(&name), host.path("raw.db")).unwrap();
        let keys = host.keys(&name);
        let reader = Reader::open(&host.path(&name), &keys);
        let last = reader.last();
        let guest = host.open(&name);
        let ours = time_ms(|| {
            guest.import(&bundle);
        });
        let state = guest.group.state().unwrap();
        let mut rows = guest.group.lists().activity(None, u32::MAX).unwrap();
        rows.reverse();
        let entries: Vec<VerifiedEntry> = rows.into_iter().map(|row| row.entry).collect();
        let rows = reader.after(last, &entries[1..], &state);
        let parts = rows.parts(ENTRIES / BATCH);
        let theirs = raw_import(&host.path("raw.db"), &keys, &entries, &bundle, &parts);
        drop((guest, reader));
        for file in [&name, "raw.db"] {
            std::fs::remove_file(host.path(file)).unwrap();
        }
        (ours, theirs)
    };
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..effort.times(9)).map(pair).unzip();
    vec![Figure {
        name: "import of a bundle, an entry, by raw verification, cipher, inserts".to_owned(),
        value: median(&ours) * 1e3 / ENTRIES as f64,
        unit: "µs",
        limit: median(&theirs) * 1e3 / ENTRIES as f64,
        at_most: 1.4,
    }]
}

fn raw_import(
    path: &Path,
    keys: &Path,
    entries: &[VerifiedEntry],
    bundle: &[u8],
    parts: &[super::raw::Rows],
) -> f64 {
    let mut raw = Raw::open(path, keys);
    let mut records = Records::new();
    records.push(bundle);
    let mut sealed: Vec<Vec<u8>> = std::iter::from_fn(|| records.next_record()).collect();
    let cipher = XChaCha20Poly1305::new(&Key::from([7; 32]));
    let verified = time_ms(|| {
        for batch in entries.chunks(BATCH) {
            let mut verifier = Verifier::new();
            for entry in batch {
                let key = VerificationKeyBytes::from(*entry.decoded().header().device().as_bytes());
                let signature = Signature::from(*entry.decoded().signature());
                let id = entry.id();
                let message = [b"gl/1/entry-sig".as_slice(), id.as_bytes()].concat();
                verifier.queue(Item::from((key, signature, &message)));
            }
            verifier.verify(ChaCha20Rng::from_seed([7; 32])).unwrap();
        }
        for record in &mut sealed {
            let inside = InOutBuf::from(record.as_mut_slice());
            black_box(cipher.encrypt_inout_detached(&XNonce::from([7; 24]), &[], inside).unwrap());
        }
    });
    verified + parts.iter().map(|rows| raw.insert(rows)).sum::<f64>()
}
