//! Measurements of the project's figures, each beside its physical limit in the same run.
//!
//! A figure and its limit are measured in turn, and their medians are divided. So a bad moment of the
//! machine is a bad moment for both.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::missing_panics_doc,
    reason = "a bench stops at the first error"
)]

pub mod bed;
pub mod crowd;
pub mod exchange;
pub mod growth;
pub mod host;
pub mod hostile;
pub mod memory;
pub mod raw;
pub mod replay;
pub mod screens;
pub mod store;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Number of repetitions of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The fewest repetitions that give a usable median.
    Quick,
    /// Three times as many.
    Full,
}

impl Effort {
    /// The number of repetitions, given that of a quick run.
    #[must_use]
    pub fn times(self, quick: usize) -> usize {
        match self {
            Self::Quick => quick,
            Self::Full => 3 * quick,
        }
    }
}

/// A measured figure with its limit.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The measured value, in `unit`.
    pub value: f64,
    /// The unit of `value` and `limit`.
    pub unit: &'static str,
    /// The physical limit, measured in the same run, or a fixed bound.
    pub limit: f64,
    /// The largest allowed ratio of value and limit.
    pub at_most: f64,
}

impl Figure {
    /// The ratio of value and limit.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.value / self.limit
    }

    /// Whether the ratio is allowed.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.ratio() <= self.at_most
    }

    fn row(&self) -> Value {
        let rounded = |n: f64| (n * 1e3).round() / 1e3;
        json!({
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "limit": rounded(self.limit),
            "ratio": rounded(self.ratio()),
            "at_most": self.at_most,
        })
    }

    fn line(&self) -> String {
        format!(
            "{:58} {:10.2} {:2}  limit {:10.2}  ratio {:5.2}, at most {:3.1}{}",
            self.name,
            self.value,
            self.unit,
            self.limit,
            self.ratio(),
            self.at_most,
            if self.is_met() { "" } else { "  MISSED" }
        )
    }
}

/// A report: all figures of one run.
pub struct Report {
    json: bool,
    figures: Vec<Figure>,
    pause: Duration,
}

impl Report {
    /// An empty report, which prints a table as figures are measured, or rows of JSON at the end.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json, figures: Vec::new(), pause: PAUSE }
    }

    /// Measures figures that belong together, and measures them once more if one misses its limit.
    pub fn measure(&mut self, mut part: impl FnMut() -> Vec<Figure>) {
        let mut figures = part();
        if !figures.iter().all(Figure::is_met) {
            for figure in figures.iter().filter(|figure| !figure.is_met()) {
                eprintln!("once more: {}", figure.line());
            }
            // A bad moment of a shared machine lasts longer than one measurement.
            std::thread::sleep(self.pause);
            figures = part();
        }
        if !self.json {
            figures.iter().for_each(|figure| println!("{}", figure.line()));
        }
        self.figures.extend(figures);
    }

    /// Prints the rows of JSON, and fails if a figure missed its limit.
    #[must_use]
    pub fn end(self) -> ExitCode {
        if self.json {
            let rows: Vec<String> =
                self.figures.iter().map(|figure| format!("  {}", figure.row())).collect();
            println!("[\n{}\n]", rows.join(",\n"));
        }
        match self.figures.iter().all(Figure::is_met) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}

/// Pause between a miss and the second try.
const PAUSE: Duration = Duration::from_secs(40);

/// Wall-clock time of some work, in milliseconds.
pub fn time_ms(work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e3
}

/// Time of this thread on a core for some work, in milliseconds. For work that waits for nothing, so
/// that other programs on the machine count little.
pub fn core_ms(work: impl FnOnce()) -> f64 {
    let begin = on_core();
    work();
    (on_core() - begin).as_secs_f64() * 1e3
}

fn on_core() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// The median.
#[must_use]
pub fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, value: f64) -> Figure {
        Figure { name: name.to_owned(), value, unit: "ms", limit: 1.0, at_most: 1.4 }
    }

    fn fails(attempts: Vec<Figure>) -> bool {
        let (mut report, mut attempts) = (Report::new(true), attempts.into_iter());
        report.pause = Duration::ZERO;
        report.measure(|| attempts.next().into_iter().collect());
        report.end() == ExitCode::FAILURE
    }

    #[test]
    fn a_figure_that_misses_its_limit_twice_fails_the_run() {
        let (met, missed) = (figure("open", 1.4), figure("open", 1.5));
        assert!(!fails(vec![met.clone()]) && !fails(vec![missed.clone(), met]));
        assert!(fails(vec![missed.clone(), missed]));
    }
}
