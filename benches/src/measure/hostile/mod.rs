//! Cost of bytes from people who mean harm, beside that of an honest bundle.
//!
//! Each scenario runs in a process of its own, with so many bytes and with about twice as many. A
//! device that holds a small group takes the bytes in. Time is that of all threads on cores, memory is
//! the peak beyond what the device held before, and disk is the growth of the closed database. Each is
//! divided by the bytes taken in, and compared with the same figure of an honest bundle. The report
//! has the worst scenario of each role; a full run has all of them.

mod active;
mod author;
mod outsider;
mod removed;
mod scene;
mod slots;

use std::process::{Command, ExitCode};

use super::{Effort, Figure, Report};
use scene::{Act, Cost, Scene};

/// The largest cost of a byte, in costs of an honest byte.
const AT_MOST: f64 = 20.0;

/// The largest cost of twice the bytes, in twice the cost of the bytes. A quadratic cost gives 2.
const LINEAR: f64 = 1.5;

/// The argument with which the report starts itself as the measured process.
const CHILD: &str = "--hostile";

/// Person who sends bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Honest,
    Outsider,
    Removed,
    Active,
}

impl Role {
    const HOSTILE: [Self; 3] = [Self::Outsider, Self::Removed, Self::Active];

    fn words(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Outsider => "no keys",
            Self::Removed => "removed",
            Self::Active => "active",
        }
    }
}

/// Bytes that a device takes in, made for a size.
struct Scenario {
    role: Role,
    name: &'static str,
    /// Number of entries, records or kilobytes of the smaller measurement.
    size: usize,
    acts: fn(&mut Scene, usize) -> Vec<Act>,
}

fn scenarios() -> Vec<Scenario> {
    let honest = Scenario { role: Role::Honest, name: HONEST, size: 1_000, acts: scene::honest };
    let others =
        [outsider::SCENARIOS, removed::SCENARIOS, active::SCENARIOS, slots::SCENARIOS].concat();
    let others =
        others.into_iter().map(|(role, name, size, acts)| Scenario { role, name, size, acts });
    std::iter::once(honest).chain(others).collect()
}

const HONEST: &str = "bundle";

/// Every figure of hostile bytes.
pub fn all(report: &mut Report, effort: Effort) {
    report.measure(|| figures(effort));
}

/// A scenario with its costs at both sizes.
struct Row {
    scenario: Scenario,
    once: Cost,
    twice: Cost,
}

fn figures(effort: Effort) -> Vec<Figure> {
    let measured = |scenario: Scenario| {
        let once = measure(&scenario, scenario.size);
        let twice = measure(&scenario, 2 * scenario.size);
        Row { scenario, once, twice }
    };
    let rows: Vec<Row> = scenarios().into_iter().map(measured).collect();
    let honest = rows.iter().find(|row| row.scenario.role == Role::Honest).unwrap().twice;
    let mut figures = Vec::new();
    for role in Role::HOSTILE {
        let mut all: Vec<[Figure; 4]> = rows
            .iter()
            .filter(|row| row.scenario.role == role)
            .map(|row| row.figures(honest))
            .collect();
        match effort {
            Effort::Full => figures.extend(all.into_iter().flatten()),
            Effort::Quick => {
                for kind in 0..4 {
                    all.sort_by(|one, other| other[kind].ratio().total_cmp(&one[kind].ratio()));
                    figures.extend(all.first().map(|row| row[kind].clone()));
                }
            }
        }
    }
    figures
}

impl Row {
    fn figures(&self, honest: Cost) -> [Figure; 4] {
        let name =
            |what: &str| format!("{}, {}: {what}", self.scenario.role.words(), self.scenario.name);
        let per = |what: &str, unit, value: f64, limit: f64| Figure {
            name: name(what),
            value: value / self.twice.bytes * 1e3,
            unit,
            limit: limit / honest.bytes * 1e3,
            at_most: AT_MOST,
        };
        let growth = Figure {
            name: name("twice the bytes"),
            value: self.twice.ms.max(SHORT),
            unit: "ms",
            limit: 2.0
                * self.once.ms.max(SHORT)
                * (self.twice.bytes / self.once.bytes / 2.0).max(1.0),
            at_most: LINEAR,
        };
        [
            per("time of 1,000 bytes", "ms", self.twice.ms, honest.ms),
            per("memory of 1,000 bytes", "KB", self.twice.memory, honest.memory),
            per("disk of 1,000 bytes", "KB", self.twice.disk, honest.disk),
            growth,
        ]
    }
}

/// Times below this one say nothing of growth, in milliseconds.
const SHORT: f64 = 30.0;

/// Measures a scenario in a process of its own.
fn measure(scenario: &Scenario, size: usize) -> Cost {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let role = scenario.role.words();
    let output = command.args([CHILD, role, scenario.name, &size.to_string()]).output().unwrap();
    let name = format!("{role}, {}", scenario.name);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Cost::read(&String::from_utf8(output.stdout).unwrap())
}

/// Runs one scenario and prints its cost, if this process was started for that.
#[must_use]
pub fn child() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, role, name, size] = arguments.as_slice() else { return None };
    if first != CHILD {
        return None;
    }
    let named = |scenario: &Scenario| scenario.role.words() == role && scenario.name == name;
    let scenario = scenarios().into_iter().find(named)?;
    let mut scene = Scene::new(scenario.role == Role::Removed);
    let acts = (scenario.acts)(&mut scene, size.parse().unwrap());
    println!("{}", scene.cost(acts).print());
    Some(ExitCode::SUCCESS)
}
