//! Searches by words, in the language of FTS5.
//!
//! FTS5 reads every place of every word with a beginning, and sorts them, before it gives the first
//! row. Where few words begin so, they are named instead: then rows come as they are read, and a
//! first page reads no more of the index than its rows.

use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::entries::fold;

/// Most words of a search; further words are ignored.
const MAX_WORDS: usize = 32;

/// Most words that are named for a beginning. Each takes a look into the index.
const MAX_NAMED: usize = 16;

/// Longest word that is named, in bytes.
const LONGEST: usize = 64;

/// The first word of the index that is not before a text.
pub(super) const FIRST_WORD: &str = "SELECT term FROM temp.vocabulary WHERE term >= ?1 LIMIT 1";

/// The search for texts with a word for each word of these, which begins with it. A word of a script
/// without spaces becomes several, which must follow each other. None if nothing can be found.
pub(super) fn search(
    connection: &Connection,
    texts: &[&str],
) -> Result<Option<String>, StoreError> {
    let texts = texts.join(" ").replace('\0', " ");
    let words: Vec<_> = texts.split_whitespace().take(MAX_WORDS).map(fold).collect();
    // What is written around a word says nothing, and neither does a dash alone.
    let bare: Vec<&str> = words.iter().map(|word| word.trim_matches(is_between)).collect();
    let bare: Vec<&str> = bare.into_iter().filter(|word| !word.is_empty()).collect();
    if bare.is_empty() {
        return Ok(None);
    }
    if !bare.iter().all(|word| is_plain(word)) {
        // FTS5 leaves out what has no letter, as long as nothing stands between.
        let beginnings: Vec<_> = bare.iter().map(|word| beginning(word)).collect();
        return Ok(Some(beginnings.join(" ")));
    }
    let mut all = Vec::with_capacity(bare.len());
    for word in bare {
        match named(connection, &word.to_ascii_lowercase())? {
            Some(words) if words.is_empty() => return Ok(None),
            Some(words) => all.push(format!("({})", words.join(" OR "))),
            None => all.push(beginning(word)),
        }
    }
    Ok(Some(all.join(" AND ")))
}

/// Whether a character of ASCII stands between words.
fn is_between(letter: char) -> bool {
    letter.is_ascii() && !letter.is_ascii_alphanumeric()
}

/// Whatever begins with a word.
fn beginning(word: &str) -> String {
    format!("\"{}\"*", word.replace('"', "\"\""))
}

/// Whether FTS5 neither divides a word nor changes more of it than its case.
fn is_plain(word: &str) -> bool {
    word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The words of the index that begin with a plain word, quoted. None if they are many, or if one is
/// not plain.
fn named(connection: &Connection, word: &str) -> Result<Option<Vec<String>>, StoreError> {
    let (mut words, mut from) = (Vec::new(), word.to_owned());
    let mut statement = connection.prepare_cached(FIRST_WORD)?;
    loop {
        let next: Option<String> = statement.query_row([&from], |row| row.get(0)).optional()?;
        let Some(next) = next.filter(|next| next.starts_with(word)) else {
            return Ok(Some(words));
        };
        if words.len() == MAX_NAMED || !is_plain(&next) {
            return Ok(None);
        }
        // The next one is behind it, as no word has this character.
        from = format!("{next}\u{1}");
        words.push(format!("\"{next}\""));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::database::in_memory;

    /// The rows that a search finds, newest first.
    fn found(connection: &Connection, search: &str) -> Vec<i64> {
        let sql = "SELECT rowid FROM texts WHERE texts MATCH ?1 ORDER BY rowid DESC";
        let mut statement = connection.prepare_cached(sql).unwrap();
        let rows = statement.query_map([search], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn with_texts(texts: &[String]) -> Connection {
        let connection = in_memory().unwrap();
        let mut insert = connection.prepare("INSERT INTO texts (words) VALUES (?1)").unwrap();
        texts.iter().for_each(|text| assert_eq!(insert.execute([fold(text)]).unwrap(), 1));
        drop(insert);
        connection
    }

    #[test]
    fn the_words_of_a_beginning_are_named_if_they_are_few() {
        let texts = ["Dinner, at Luigi's", "dinners", "Dinghy 7", "dimmer"].map(str::to_owned);
        let connection = with_texts(&texts);
        let search = |text| search(&connection, &[text]).unwrap();
        assert_eq!(search("dinner").unwrap(), "(\"dinner\" OR \"dinners\")");
        assert_eq!(
            search("DIN s").unwrap(),
            "(\"dinghy\" OR \"dinner\" OR \"dinners\") AND (\"s\")"
        );
        assert_eq!(search("dinosaur"), None);
        assert_eq!(search("dinner dinosaur"), None);
        assert_eq!(
            search("luigi's din").unwrap(),
            "\"luigi's\"* \"din\"*",
            "two words of the index"
        );
        assert_eq!(search("a\"b").unwrap(), "\"a\"\"b\"*");
        assert_eq!(search("- Dinner,").unwrap(), search("dinner").unwrap());
        assert_eq!(search("-"), None);
        assert_eq!(search(" \0 "), None);
    }

    #[test]
    fn the_words_of_a_beginning_are_not_named_if_they_are_many_or_have_other_letters() {
        let many: Vec<String> = (0..=MAX_NAMED).map(|n| format!("day{n}")).collect();
        let connection = with_texts(&many);
        assert_eq!(search(&connection, &["day"]).unwrap().unwrap(), "\"day\"*");
        assert_eq!(search(&connection, &["day1"]).unwrap().unwrap().matches("OR").count(), 7);
        let connection = with_texts(&["smørrebrød".to_owned()]);
        assert_eq!(search(&connection, &["sm"]).unwrap().unwrap(), "\"sm\"*");
        assert_eq!(found(&connection, "\"sm\"*").len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever is searched for, the rows are those of the beginnings.
        #[test]
        fn naming_words_finds_what_their_beginnings_find(
            texts in prop::collection::vec("[abAé ,'ß1–-]{0,6}( [ab]{1,3}){0,3}", 0..30),
            words in prop::collection::vec("[aAb1,]{1,3}|[-aAbé'ß1–]{1,3}", 1..4),
        ) {
            let connection = with_texts(&texts);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let beginnings: Vec<String> = words.iter().map(|word| beginning(&fold(word))).collect();
            let expected = found(&connection, &beginnings.join(" "));
            let search = search(&connection, &words).unwrap();
            let rows = search.map_or_else(Vec::new, |search| found(&connection, &search));
            prop_assert_eq!(rows, expected);
        }
    }
}
