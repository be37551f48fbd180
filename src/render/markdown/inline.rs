//! Foreign text in Markdown: it is shown letter for letter, and nothing is made of it.
//!
//! Where a page links mentions, issues, commits and addresses, it does so in any text but that of
//! code, whatever escapes the source has. So every text from elsewhere stands as code.

use crate::render::escape::escape;

/// A text from elsewhere as Markdown, in a paragraph, a list or a table.
pub(crate) fn code(text: &str) -> String {
    let text = escape(text);
    if text.trim().is_empty() {
        return String::new();
    }
    // A table ends a cell at each of them, also in code, and readers differ in how that is escaped
    // there: so they stand between pieces of code.
    let pieces: Vec<String> = text.split('|').map(span).collect();
    pieces.join("&#124;")
}

/// A piece of code, which holds no other one; nothing where it is empty.
fn span(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let ends = [text.chars().next(), text.chars().next_back()];
    let is_edge = |end: Option<char>| end.is_some_and(|end| end == '`' || end == ' ');
    // One blank on either side is taken off again, unless there is nothing else.
    let is_blank = text.bytes().all(|byte| byte == b' ');
    let pad = if ends.into_iter().any(is_edge) && !is_blank {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// How many accents stand one behind the other at most.
fn longest_run(text: &str) -> usize {
    let others = |character| character != '`';
    let runs = text.split(others).map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    /// What a reader sees of a Markdown text, and whether anything but code was made of it.
    fn read(markdown: &str) -> (String, bool) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM
            | Options::ENABLE_MATH;
        let (mut seen, mut odd) = (String::new(), false);
        for event in Parser::new_ext(markdown, options) {
            let is_plain = matches!(
                event,
                Event::Start(
                    Tag::Paragraph
                        | Tag::Table(_)
                        | Tag::TableHead
                        | Tag::TableRow
                        | Tag::TableCell
                        | Tag::List(None)
                        | Tag::Item
                ) | Event::End(
                    TagEnd::Paragraph
                        | TagEnd::Table
                        | TagEnd::TableHead
                        | TagEnd::TableRow
                        | TagEnd::TableCell
                        | TagEnd::List(false)
                        | TagEnd::Item
                )
            );
            if let Event::Code(text) = event {
                seen.push_str(&text);
            } else if let Event::Text(text) = event {
                odd |= !text.chars().all(|character| "x|".contains(character));
                seen.push_str(&text);
            } else {
                odd |= !is_plain;
            }
        }
        (seen, odd)
    }

    /// Shows a text in each place that a report has for it.
    fn check(text: &str) {
        let code = code(text);
        let wanted = escape(text).into_owned();
        let wanted = if wanted.trim().is_empty() {
            String::new()
        } else {
            wanted
        };
        for (markdown, around) in [
            (format!("x{code}x\n"), ["x", "x"]),
            (format!("{code}\n"), ["", ""]),
            (format!("- {code}x\n"), ["", "x"]),
            (
                format!("| x | x |\n|---|---|\n| {code} | x |\n"),
                ["xx", "x"],
            ),
        ] {
            let (seen, odd) = read(&markdown);
            let [before, behind] = around;
            assert_eq!(seen, format!("{before}{wanted}{behind}"), "{markdown}");
            assert!(!odd, "{markdown}");
        }
    }

    #[test]
    fn a_hostile_text_is_shown_letter_for_letter() {
        for text in [
            "A001_C001.mov",
            "@ana please #12 org/repo#3 GH-4",
            "0123456789abcdef0123456789abcdef01234567",
            "https://evil.example/ www.evil.example ana@evil.example",
            "[x](javascript:alert(1))",
            "<script>alert(1)</script>",
            "<!-- retire -->",
            "</details>",
            "a|b",
            "a\\|b",
            "a\\\\|b`|c",
            "`",
            "``",
            "` `",
            " a ",
            "`a`",
            "a`b``c",
            "\\",
            "a\\",
            "&lt;&#64;",
            "line\nbreak\r\ttab",
            "\u{202e}gnp.exe",
            "$x$ $$y$$",
            "~~x~~ [^1] - [ ] *b*",
            "",
            "   ",
            "映画 🎬 é",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_shown_letter_for_letter(text in "\\PC{0,40}") {
            check(&text);
        }

        #[test]
        fn any_punctuation_is_shown_letter_for_letter(text in "[-`|\\\\<>&#@!\\[\\]()*_~$ ax:/.\n]{0,24}") {
            check(&text);
        }
    }
}
