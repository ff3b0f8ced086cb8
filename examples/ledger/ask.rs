//! Questions to the person in front of the program.

use std::io::{BufRead as _, Write};

use crate::failure::Failure;

/// Asks a question that is to be answered by yes or no.
///
/// # Errors
/// [`Failure::Declined`] with `nothing`, which says what was not done, unless the answer is yes.
pub(crate) fn confirm(
    question: &str,
    nothing: &'static str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match ask(&format!("{question} [y/N]"), out)?.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::Declined(nothing)),
    }
}

/// Asks a question, and returns the line that answers it; an empty one if the input has ended.
pub(crate) fn ask(question: &str, out: &mut dyn Write) -> Result<String, Failure> {
    write!(out, "{question} ")?;
    out.flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        // Nobody typed the end of the line.
        writeln!(out)?;
    }
    out.flush()?;
    let end = answer.trim_end_matches(['\r', '\n']).len();
    answer.truncate(end);
    Ok(answer)
}
