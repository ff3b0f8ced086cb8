//! Settings of a group: a value for one field and subject (SPEC §4.15).

use std::collections::BTreeSet;

use super::fields::{read_currency, read_word, read_words};
use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, MemberId};
use crate::base::limits::{
    MAX_CATEGORIES, MAX_CATEGORY_BYTES, MAX_NAME_BYTES, MAX_RELAY_BYTES, MAX_RELAYS, MAX_WEIGHT,
};
use crate::base::name::{NameError, check_name};
use crate::base::rule::{Refusal, Rule};
use crate::money::Currency;

const DEFAULT_CURRENCY: u64 = 0;
const DEFAULT_WEIGHT: u64 = 1;
const RELAYS: u64 = 2;
const CATEGORIES: u64 = 3;
const DEVICE_NAME: u64 = 4;

/// Setting of one field for one subject: `[field, subject, value]`. Later versions may add fields
/// and values, so the value is kept as bytes, and no value is ever a fault.
///
/// ```
/// use ledger_core::{Currency, Setting, SettingValue};
/// let euro = Currency::from_code("EUR")?;
/// let setting = Setting::new(&SettingValue::DefaultCurrency(Some(euro)))?;
/// assert_eq!(setting.value(), Some(SettingValue::DefaultCurrency(Some(euro))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    field: u64,
    subject: Vec<u8>,
    value: Vec<u8>,
}

/// Value of a setting that this version reads. An empty one sets nothing: whatever was set before
/// no longer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingValue {
    /// The currency that an app offers first.
    DefaultCurrency(Option<Currency>),
    /// The weight of a member in new expenses, such as the number of people in a family: at most
    /// 10^12. Without one the member counts once.
    DefaultWeight {
        /// The member.
        member: MemberId,
        /// The weight; 0 leaves the member out.
        weight: Option<u64>,
    },
    /// Addresses of the relays that devices of the group follow, at most 16. The owner's are in
    /// force; those of any other member are a proposal of theirs.
    Relays {
        /// The member who sets or proposes them: the author of the entry.
        member: MemberId,
        /// The addresses, such as `https://relay.example`, each of at most 512 bytes.
        relays: Vec<String>,
    },
    /// The categories that an app offers, in their order: at most 128 of at most 128 bytes.
    Categories(Vec<String>),
    /// The name of a device, such as "Anna's phone", of at most 256 bytes. Only the member who uses
    /// the device names it.
    DeviceName {
        /// The device.
        device: DeviceId,
        /// The name; none takes it away.
        name: Option<String>,
    },
}

/// Error of a value that cannot be set. The caller is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The weight is larger than a split takes.
    #[error("a weight is at most {MAX_WEIGHT}, not {0}")]
    Weight(u64),
    /// There are too many texts.
    #[error("there can be at most {most}, not {found}; leave some out")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A text is empty.
    #[error("a text is empty; leave it out")]
    Empty,
    /// A text is too long.
    #[error("a text has {found} bytes, at most {most} are allowed; shorten it")]
    TooLong {
        /// The bytes of the text.
        found: usize,
        /// The bytes that it may have.
        most: usize,
    },
    /// A text stands twice.
    #[error("{0:?} stands twice; leave one out")]
    Twice(String),
    /// The relays are set in the name of a member who is not the author.
    #[error(
        "relays are set or proposed by each member for themselves; name the member of this device"
    )]
    InAnothersName,
    /// The device is not one of the author's.
    #[error("a device is named by the person who uses it; name a device of your own")]
    DeviceOfAnother,
    /// Nobody could read the name of the device.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The address of a relay is no secure one.
    #[error("the address of a relay begins with https://, unlike {0:?}")]
    Insecure(String),
}

impl Setting {
    /// Creates the setting of a value.
    ///
    /// # Errors
    /// [`SettingError`] if the value is out of bounds.
    pub fn new(value: &SettingValue) -> Result<Self, SettingError> {
        let mut w = Writer::new();
        let (field, subject): (u64, &[u8]) = match value {
            SettingValue::DefaultCurrency(currency) => {
                if let Some(currency) = currency {
                    w.text(currency.code());
                }
                (DEFAULT_CURRENCY, &[])
            }
            SettingValue::DefaultWeight { member, weight } => {
                match weight {
                    Some(weight) if *weight > MAX_WEIGHT => {
                        return Err(SettingError::Weight(*weight));
                    }
                    Some(weight) => w.uint(*weight),
                    None => {}
                }
                (DEFAULT_WEIGHT, member.as_bytes())
            }
            SettingValue::Relays { member, relays } => {
                write_texts(&mut w, relays, MAX_RELAYS, MAX_RELAY_BYTES)?;
                let insecure = relays.iter().find(|relay| !is_secure(relay));
                if let Some(relay) = insecure {
                    return Err(SettingError::Insecure(relay.clone()));
                }
                (RELAYS, member.as_bytes())
            }
            SettingValue::Categories(categories) => {
                write_texts(&mut w, categories, MAX_CATEGORIES, MAX_CATEGORY_BYTES)?;
                (CATEGORIES, &[])
            }
            SettingValue::DeviceName { device, name } => {
                if let Some(name) = name {
                    check_name(name)?;
                    if name.len() > MAX_NAME_BYTES {
                        return Err(SettingError::TooLong {
                            found: name.len(),
                            most: MAX_NAME_BYTES,
                        });
                    }
                    w.text(name);
                }
                (DEVICE_NAME, device.as_bytes())
            }
        };
        Ok(Self::from_parts(field, subject, w.as_bytes()))
    }

    /// Creates a setting of any field, as a later version may write it.
    #[must_use]
    pub fn from_parts(field: u64, subject: &[u8], value: &[u8]) -> Self {
        Self { field, subject: subject.to_vec(), value: value.to_vec() }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let (field, subject, value) = (r.uint()?, r.bytes()?, r.bytes()?);
        Ok(Self::from_parts(field, subject, value))
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.uint(self.field);
        w.bytes(&self.subject);
        w.bytes(&self.value);
    }

    /// The number of the field.
    #[must_use]
    pub fn field(&self) -> u64 {
        self.field
    }

    /// The subject, as bytes; empty for a field without one.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The value, as bytes.
    #[must_use]
    pub fn value_bytes(&self) -> &[u8] {
        &self.value
    }

    /// The value. `None` if this version does not know the field, or its subject is none of that
    /// field. A value that this version does not read sets nothing.
    #[must_use]
    pub fn value(&self) -> Option<SettingValue> {
        let member = || <[u8; 32]>::try_from(self.subject.as_slice()).map(MemberId::from_bytes);
        Some(match self.field {
            DEFAULT_CURRENCY if self.subject.is_empty() => {
                SettingValue::DefaultCurrency(self.read_value(read_currency))
            }
            DEFAULT_WEIGHT => {
                let weight = self.read_value(|r| match r.uint()? {
                    weight @ 0..=MAX_WEIGHT => Ok(weight),
                    _ => Err(Refusal::new(Rule::P6)),
                });
                SettingValue::DefaultWeight { member: member().ok()?, weight }
            }
            RELAYS => {
                let relays = self.read_value(read_relays);
                SettingValue::Relays { member: member().ok()?, relays: relays.unwrap_or_default() }
            }
            CATEGORIES if self.subject.is_empty() => {
                let categories = self
                    .read_value(|r| read_different_words(r, MAX_CATEGORIES, MAX_CATEGORY_BYTES));
                SettingValue::Categories(categories.unwrap_or_default())
            }
            DEVICE_NAME => {
                let device = <[u8; 32]>::try_from(self.subject.as_slice()).ok()?;
                let name = self.read_value(|r| read_word(r, MAX_NAME_BYTES));
                SettingValue::DeviceName { device: DeviceId::from_bytes(device), name }
            }
            _ => return None,
        })
    }

    /// Reads the whole value, or nothing.
    fn read_value<T>(&self, read: impl FnOnce(&mut Reader<'_>) -> Result<T, Refusal>) -> Option<T> {
        Reader::read_whole(&self.value, read).ok()
    }
}

fn read_relays(r: &mut Reader<'_>) -> Result<Vec<String>, Refusal> {
    let relays = read_different_words(r, MAX_RELAYS, MAX_RELAY_BYTES)?;
    match relays.iter().all(|relay| is_secure(relay)) {
        true => Ok(relays),
        false => Err(Refusal::new(Rule::P3)),
    }
}

/// Reads texts of which none is empty and none stands twice.
fn read_different_words(
    r: &mut Reader<'_>,
    most: usize,
    longest: usize,
) -> Result<Vec<String>, Refusal> {
    let texts = read_words(r, most, longest)?;
    match texts.iter().collect::<BTreeSet<_>>().len() == texts.len() {
        true => Ok(texts),
        false => Err(Refusal::new(Rule::P3)),
    }
}

/// Whether the address of a relay is one to which nobody on the way listens.
fn is_secure(relay: &str) -> bool {
    relay.starts_with("https://")
}

/// Writes texts; none at all as an empty value.
fn write_texts(
    w: &mut Writer,
    texts: &[String],
    most: usize,
    longest: usize,
) -> Result<(), SettingError> {
    if texts.len() > most {
        return Err(SettingError::TooMany { found: texts.len(), most });
    }
    let mut met = BTreeSet::new();
    for text in texts {
        match text.len() {
            0 => return Err(SettingError::Empty),
            found if found > longest => {
                return Err(SettingError::TooLong { found, most: longest });
            }
            _ if !met.insert(text) => return Err(SettingError::Twice(text.clone())),
            _ => {}
        }
    }
    if !texts.is_empty() {
        w.list(texts.iter(), |w, text| w.text(text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> MemberId {
        MemberId::from_bytes([7; 32])
    }

    #[test]
    fn every_value_reads_back() {
        let euro = Currency::from_code("EUR").unwrap();
        let (member, device) = (member(), DeviceId::from_bytes([8; 32]));
        for value in [
            SettingValue::DefaultCurrency(Some(euro)),
            SettingValue::DefaultCurrency(None),
            SettingValue::DefaultWeight { member, weight: Some(0) },
            SettingValue::DefaultWeight { member, weight: Some(MAX_WEIGHT) },
            SettingValue::DefaultWeight { member, weight: None },
            SettingValue::Relays { member, relays: vec!["https://a".into(), "https://b".into()] },
            SettingValue::Relays { member, relays: Vec::new() },
            SettingValue::Categories(vec!["food".into(), "rent".into()]),
            SettingValue::Categories(Vec::new()),
            SettingValue::DeviceName { device, name: Some("Anna's phone".into()) },
            SettingValue::DeviceName { device, name: Some("x".repeat(256)) },
            SettingValue::DeviceName { device, name: None },
        ] {
            let setting = Setting::new(&value).unwrap();
            let mut w = Writer::new();
            setting.write(&mut w);
            let read = Setting::read(&mut Reader::new(w.as_bytes())).unwrap();
            assert_eq!((&read, read.value()), (&setting, Some(value)));
        }
    }

    #[test]
    fn a_value_that_is_not_understood_sets_nothing_and_is_no_fault() {
        let member = member();
        let unset = |field, subject: &[u8]| Setting::from_parts(field, subject, b"").value();
        for value in [&[0xff][..], b"\x63eur", b"\x63EUR\x00", &[0x1b; 9], &[0x81, 0x60], &[0x9f]] {
            for (field, subject) in [(0, &[][..]), (1, member.as_bytes()), (3, &[])] {
                let setting = Setting::from_parts(field, subject, value);
                assert_eq!(setting.value(), unset(field, subject), "{field} {value:x?}");
            }
        }
        assert!(unset(0, b"x").is_none() && unset(1, b"").is_none() && unset(9, b"").is_none());
        // One more than the greatest weight.
        let mut w = Writer::new();
        w.uint(MAX_WEIGHT + 1);
        let weight = Setting::from_parts(1, member.as_bytes(), w.as_bytes()).value();
        assert_eq!(weight, Some(SettingValue::DefaultWeight { member, weight: None }));
    }

    #[test]
    fn what_authors_may_not_write_is_not_read() {
        let read = |field, subject: &[u8], texts: &[&str]| {
            let mut w = Writer::new();
            w.list(texts.iter(), |w, text| w.text(text));
            Setting::from_parts(field, subject, w.as_bytes()).value()
        };
        let relays = |texts: &[&str]| match read(RELAYS, member().as_bytes(), texts) {
            Some(SettingValue::Relays { relays, .. }) => relays,
            other => panic!("{other:?}"),
        };
        assert_eq!(relays(&["https://a", "https://b"]), ["https://a", "https://b"]);
        for texts in
            [&["https://a", "http://b"][..], &["https://a", "https://a"], &["https://a", ""]]
        {
            assert!(relays(texts).is_empty(), "{texts:?}");
        }
        let categories = |texts: &[&str]| read(CATEGORIES, &[], texts);
        assert_eq!(categories(&["a", "a"]), Some(SettingValue::Categories(Vec::new())));
        assert_eq!(
            categories(&["b", "a"]),
            Some(SettingValue::Categories(vec!["b".into(), "a".into()]))
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_not_written() {
        let member = member();
        let categories = |texts: &[&str]| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            Setting::new(&SettingValue::Categories(texts)).map(|_| ())
        };
        let weight = SettingValue::DefaultWeight { member, weight: Some(MAX_WEIGHT + 1) };
        assert_eq!(Setting::new(&weight), Err(SettingError::Weight(MAX_WEIGHT + 1)));
        assert_eq!(categories(&["a", ""]), Err(SettingError::Empty));
        assert_eq!(categories(&["a", "a"]), Err(SettingError::Twice("a".into())));
        let long = "x".repeat(129);
        assert_eq!(categories(&[&long]), Err(SettingError::TooLong { found: 129, most: 128 }));
        let many: Vec<String> = (0..129).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(categories(&many), Err(SettingError::TooMany { found: 129, most: 128 }));
        assert_eq!(categories(&many[1..]), Ok(()));
        let named = |name: &str| {
            let (device, name) = (DeviceId::from_bytes([8; 32]), Some(name.to_owned()));
            Setting::new(&SettingValue::DeviceName { device, name }).map(|_| ())
        };
        let long = "x".repeat(257);
        assert_eq!(named(&long), Err(SettingError::TooLong { found: 257, most: 256 }));
        assert_eq!(named(" "), Err(SettingError::Name(NameError::Invisible)));
        let relays = vec!["http://a".to_owned()];
        let error = Setting::new(&SettingValue::Relays { member, relays }).unwrap_err();
        assert_eq!(error, SettingError::Insecure("http://a".into()));
    }
}
