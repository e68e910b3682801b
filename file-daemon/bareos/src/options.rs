//! An operator's words for a restore. Here they stand in one line, `seawall:name=value:name=value`;
//! the backend reads a line for each.

use file_daemon_plugin::PLUGIN;

/// One line for each option. A colon parts options only where a name and `=` follow, so that times
/// need nothing before theirs; `\:` is a colon in any case.
pub(crate) fn lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let own = text.strip_prefix(PLUGIN).and_then(|rest| rest.strip_prefix(':'));
    let mut lines = String::new();
    let mut rest = own.unwrap_or(&text).trim();
    while !rest.is_empty() {
        let end = end(rest);
        let one = rest[..end].trim().replace("\\:", ":");
        if !one.is_empty() {
            lines.push_str(&one);
            lines.push('\n');
        }
        rest = rest[end..].strip_prefix([':', '\n']).unwrap_or_default();
    }
    lines
}

/// Where the first option ends.
fn end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_end = |at: usize| match bytes[at] {
        b'\n' => true,
        b':' => (at == 0 || bytes[at - 1] != b'\\') && begins_option(&text[at + 1..]),
        _ => false,
    };
    (0..bytes.len()).find(|at| is_end(*at)).unwrap_or(bytes.len())
}

fn begins_option(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return text.trim().is_empty() };
    let name = name.trim();
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn each_option_gets_a_line() {
        let cases = [
            ("", ""),
            ("seawall:", ""),
            ("seawall:a=1:b=2", "a=1\nb=2\n"),
            ("a=1\nb=2\n", "a=1\nb=2\n"),
            (
                "time=2026-05-01 03:00:00 +02:00:to=/a b",
                "time=2026-05-01 03:00:00 +02:00\nto=/a b\n",
            ),
            (r"a=x\:b=y:c=z:", "a=x:b=y\nc=z\n"),
            ("seawall", "seawall\n"),
        ];
        for (text, wanted) in cases {
            assert_eq!(lines(text.as_bytes()), wanted, "{text}");
        }
    }
}
