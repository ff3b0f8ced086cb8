//! Rate of events: a bucket that fills with time.

/// Bucket of tokens. Counted in thousandths, so that it fills evenly.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    per_second_thousandths: u64,
    capacity: u64,
    level: u64,
    at_ms: u64,
}

impl Bucket {
    /// A full bucket: `burst` at once, and `count` in each `seconds`.
    pub(super) fn new(count: u64, seconds: u64, burst: u64, now_ms: u64) -> Self {
        let capacity = burst.saturating_mul(1_000);
        let per_second_thousandths =
            count.saturating_mul(1_000).checked_div(seconds).unwrap_or_default().max(1);
        Self { per_second_thousandths, capacity, level: capacity, at_ms: now_ms }
    }

    /// Takes `n`.
    ///
    /// # Errors
    /// Milliseconds after which they are there, if they are not now.
    pub(super) fn take(&mut self, n: u64, now_ms: u64) -> Result<(), u64> {
        let passed = now_ms.saturating_sub(self.at_ms);
        let filled = passed.saturating_mul(self.per_second_thousandths) / 1_000;
        self.level = self.level.saturating_add(filled).min(self.capacity);
        self.at_ms = now_ms;
        let wanted = n.saturating_mul(1_000);
        match self.level.checked_sub(wanted) {
            Some(level) => {
                self.level = level;
                Ok(())
            }
            None => {
                let missing = wanted.saturating_sub(self.level).saturating_mul(1_000);
                let wait = missing.checked_div(self.per_second_thousandths).unwrap_or_default();
                Err(wait.saturating_add(1))
            }
        }
    }
}
