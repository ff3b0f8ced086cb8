//! Times that every language can show.

/// The last millisecond of the year 9999, beyond which some languages have no
/// time. What an author's clock says is not trusted, so it must not be able to
/// make an app fail.
const LAST_MS: i64 = 253_402_300_799_999;

/// A time that can be shown.
pub(crate) fn shown(timestamp_ms: u64) -> i64 {
    i64::try_from(timestamp_ms).unwrap_or(LAST_MS).min(LAST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_clock_is_beyond_what_languages_show() {
        assert_eq!(shown(1_700_000_000_000), 1_700_000_000_000);
        assert_eq!((shown(u64::MAX), shown(i64::MAX.unsigned_abs())), (LAST_MS, LAST_MS));
    }
}
