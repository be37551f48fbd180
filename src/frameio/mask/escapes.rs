//! How a text is written that is not there as itself: in JSON, in an address, in a page.

/// In which order the escapes of an answer are undone, since one may be inside of another. Those
/// of JSON come first and alone, since that is how the program reads an answer.
pub(super) const LAYERS: [&[Escape]; 5] = [
    &[Escape::Json],
    &[Escape::Address],
    &[Escape::Page],
    &[Escape::Json, Escape::Address, Escape::Page],
    &[Escape::Json, Escape::Address, Escape::Page],
];

/// How a character may be written that is not there as itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// `\u0041` or `\/`.
    Json,
    /// `%41`.
    Address,
    /// `&#65;`, `&#x41;` or `&amp;`.
    Page,
}

/// Undoes escapes that stand for ASCII characters, and tells where each byte was; nothing where
/// there is none.
pub(super) fn unescaped(
    text: &[u8],
    escapes: &[Escape],
    tell: &mut dyn FnMut(usize),
) -> Option<Vec<u8>> {
    let (json, address, page) = (
        escapes.contains(&Escape::Json),
        escapes.contains(&Escape::Address),
        escapes.contains(&Escape::Page),
    );
    memchr::memchr3(b'\\', b'%', b'&', text)?;
    let mut plain = Vec::with_capacity(text.len());
    let (mut at, mut changed) = (0, false);
    while let Some(&byte) = text.get(at) {
        let rest = &text[at + 1..];
        let (byte, length) = match (byte, rest.first()) {
            (b'\\', Some(b'u')) if json => {
                hexadecimal(rest.get(1..5)).map_or((byte, 1), |code| (code, 6))
            }
            (b'\\', Some(&itself @ (b'\\' | b'/' | b'"'))) if json => (itself, 2),
            (b'&', _) if page => {
                reference(rest).map_or((byte, 1), |(code, length)| (code, 1 + length))
            }
            (b'%', _) if address => hexadecimal(rest.get(..2)).map_or((byte, 1), |code| (code, 3)),
            _ => (byte, 1),
        };
        changed |= length > 1;
        plain.push(byte);
        tell(at);
        at += length;
    }
    changed.then_some(plain)
}

/// The ASCII character of a number in hexadecimal digits.
fn hexadecimal(digits: Option<&[u8]>) -> Option<u8> {
    let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    let code = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    u8::try_from(code).ok().filter(u8::is_ascii)
}

/// The ASCII character that a page refers to, of which `rest` begins behind the `&`, and how long
/// that is.
fn reference(rest: &[u8]) -> Option<(u8, usize)> {
    // The longest is `#x0000041;` or the like.
    let end = rest.iter().take(12).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&rest[..end]).ok()?;
    let code = match name {
        "amp" => b'&',
        "lt" => b'<',
        "gt" => b'>',
        "quot" => b'"',
        "apos" => b'\'',
        name => {
            let number = name.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = match hexadecimal {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            u8::try_from(code.ok()?).ok().filter(u8::is_ascii)?
        }
    };
    Some((code, end + 1))
}
