//! Where one option ends and the next begins: at a colon or a blank that stands before the next
//! name and its `=`, or at the end of the line. Any other blank belongs to the value.

/// What a run of colons and blanks is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// So many bytes of the value.
    Value(usize),
    /// So many bytes between two options, or after the last.
    Separator(usize),
    /// Something that may have been meant either way.
    Doubtful(&'static str),
}

/// Whether a character can separate.
pub(super) fn separates(letter: char) -> bool {
    letter == ':' || letter.is_ascii_whitespace()
}

/// What the run is that `rest` begins with.
pub(super) fn run(rest: &str) -> Run {
    let after = rest.trim_start_matches(separates);
    let length = rest.len() - after.len();
    let colons = rest[..length].matches(':').count();
    let next = next_name(after);
    match (&next, colons) {
        (None, _) if !after.is_empty() => Run::Value(length),
        (_, 2..) => Run::Doubtful("several colons stand in a row"),
        (Some(name), _) if !name.is_valid => Run::Doubtful("what stands before \"=\" is no name"),
        // `a=b where x = 1` is more likely one value than two options.
        (Some(name), 0) if name.is_spaced => Run::Doubtful("a blank stands before \"=\""),
        _ => Run::Separator(length),
    }
}

/// A word before a `=`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// Without `#enc`.
    pub(super) text: &'a str,
    /// Whether `#enc` follows it.
    pub(super) is_encoded: bool,
    /// Whether a blank stands before the `=`.
    is_spaced: bool,
    /// Whether an option can have this name.
    pub(super) is_valid: bool,
    /// Up to and with the `=`.
    pub(super) length: usize,
}

/// The name that a text begins with. Options of tools (`--name=`) are none.
pub(super) fn next_name(text: &str) -> Option<Name<'_>> {
    let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "_-.#".contains(letter);
    let after = text.trim_start_matches(is_inside);
    let word = &text[..text.len() - after.len()];
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_').then_some(())?;
    let rest = after.trim_start_matches(|letter: char| letter.is_ascii_whitespace());
    let rest_after = rest.strip_prefix('=')?;
    let (name, is_encoded) = match word.strip_suffix("#enc") {
        Some(name) => (name, true),
        None => (word, false),
    };
    Some(Name {
        text: name,
        is_encoded,
        is_spaced: rest.len() != after.len(),
        is_valid: name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        length: text.len() - rest_after.len(),
    })
}
