//! What guests print, made fit for reports: a terminal's colours and other control
//! characters mean nothing there, and some formats cannot hold them.

/// `text` on one line, without terminal escapes and control characters.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // ECMA-48: ESC [ begins a control sequence, which a byte from @ to ~ ends.
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                chars.find(|c| ('@'..='~').contains(c));
            }
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out.trim().to_string()
}

/// The same, cut to `most` characters.
pub fn short(text: &str, most: usize) -> String {
    let text = plain(text);
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_bells_are_taken_away() {
        assert_eq!(plain("a \u{1b}[1;31mred\u{1b}[0m\u{7} b\nc "), "a red b c");
        assert_eq!(plain("\u{1b}["), "");
        assert_eq!(short("äöü", 2), "äö…");
    }
}
