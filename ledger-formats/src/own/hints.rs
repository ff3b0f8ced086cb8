//! Hints as text. Tags and another currency have columns of their own; the others stand as bytes.

use ledger_core::{Amount, Currency, Hints, PaidIn};

/// Keys whose values stand in columns of their own, if they can be read, and the source of a row, which
/// says of which file it was and is set anew by whoever imports.
const PAID_IN: u64 = 3;
const TAGS: u64 = 5;
const SOURCE: u64 = 6;

/// The hints that have no column: `key:bytes`, separated by spaces.
pub(super) fn to_text(hints: &Hints) -> String {
    let (has_paid_in, has_tags) = (hints.paid_in().is_some(), !hints.tags().is_empty());
    let has_column = |key: u64| match key {
        PAID_IN => has_paid_in,
        TAGS => has_tags,
        key => key == SOURCE,
    };
    let others = hints.iter().filter(|(key, _)| !has_column(*key));
    others.map(|(key, bytes)| format!("{key}:{}", hex(bytes))).collect::<Vec<_>>().join(" ")
}

/// Reads hints that have no column.
pub(super) fn from_text(text: &str) -> Option<Hints> {
    let mut hints = Hints::default();
    for hint in text.split_whitespace() {
        let (key, bytes) = hint.split_once(':')?;
        set(&mut hints, key, bytes)?;
    }
    Some(hints)
}

/// Sets a hint by its key and bytes as text. The source of a row is left out.
pub(super) fn set(hints: &mut Hints, key: &str, bytes: &str) -> Option<()> {
    let (key, bytes) = (key.parse().ok()?, from_hex(bytes)?);
    if key == SOURCE {
        return Some(());
    }
    hints.set(key, bytes).ok()
}

/// Tags with commas between them.
pub(super) fn tags_to_text(hints: &Hints) -> String {
    let escaped = |tag: &String| tag.replace('\\', "\\\\").replace(',', "\\,");
    hints.tags().iter().map(escaped).collect::<Vec<_>>().join(", ")
}

/// Reads tags.
pub(super) fn tags_from_text(text: &str) -> Vec<String> {
    let (mut tags, mut tag, mut characters) = (Vec::new(), String::new(), text.chars());
    while let Some(c) = characters.next() {
        match c {
            '\\' => tag.extend(characters.next()),
            ',' => {
                tags.push(core::mem::take(&mut tag));
                // One space behind a comma is ours.
                if characters.as_str().starts_with(' ') {
                    characters.next();
                }
            }
            c => tag.push(c),
        }
    }
    tags.push(tag);
    tags.retain(|tag| !tag.is_empty());
    tags
}

/// What was paid in another currency: the amount with its currency, and the rate.
pub(super) fn paid_in_to_text(paid: &PaidIn) -> (String, String) {
    let (numerator, denominator) = paid.rate;
    let amount = format!("{} {}", paid.amount.format(paid.currency), paid.currency);
    (amount, format!("{numerator}/{denominator}"))
}

/// Reads what was paid in another currency.
pub(super) fn paid_in_from_text(amount: &str, rate: &str, source: &str) -> Option<PaidIn> {
    let (amount, currency) = amount.split_once(' ')?;
    let currency = Currency::from_code(currency).ok()?;
    let amount = Amount::parse(amount, currency).ok()?;
    let (numerator, denominator) = rate.split_once('/')?;
    let rate = (numerator.parse().ok()?, denominator.parse().ok()?);
    Some(PaidIn { currency, amount, rate, source: source.to_owned() })
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    base16ct::lower::decode_vec(text).ok()
}

/// Reads an origin: 16 bytes.
pub(super) fn origin(text: &str) -> Option<ledger_core::Origin> {
    let bytes: [u8; 16] = from_hex(text)?.try_into().ok()?;
    Some(ledger_core::Origin::from_bytes(bytes))
}
